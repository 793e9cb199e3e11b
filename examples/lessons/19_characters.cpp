/// Lesson 19: letters that follow letters.
///
/// A language model in its smallest form: an LSTM reads a text letter by letter and learns which letter comes next.
/// Then it writes by itself: each letter is drawn with the probabilities that the model gives, and read as the next
/// one.
///
/// The text is longer than a tape should be. So it is read in pieces, each on its own tape, and the state of the LSTM
/// is carried from one to the next as plain numbers, `detach(final)`: gradients end at the border of a piece (truncated
/// backpropagation through time; Williams, Peng 1990).

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "nn/recurrent.h"
#include "ops/create/random.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

using namespace gradus;

namespace {

constexpr std::string_view kText =
    "one grey goose sat on a gate and sang. two grey geese sat on a gate and sang, and three grey geese flew over the "
    "gate. the geese that flew sang to the geese that sat, and the geese that sat sang to the goose that was alone. ";

constexpr std::string_view kLetters = " abcdefghijklmnopqrstuvwxyz,.";

std::vector<int> ids(std::string_view text) {
  std::vector<int> result;
  for (const char letter : text) result.push_back(static_cast<int>(kLetters.find(letter)));
  return result;
}

struct Writer : Module {
  Embedding embedding{this, "embedding", static_cast<int>(kLetters.size()), 16};
  LSTM lstm{this, "lstm", 16, 64};
  Linear output{this, "output", 64, static_cast<int>(kLetters.size())};

  struct Result {
    Tensor logits;  ///< (S, letters): of the letter that follows each
    DetachedStates<LstmState> state;
  };
  /// Reads one piece, (S), from where the piece before ended.
  Result read(std::span<const int> piece, const DetachedStates<LstmState>& state) {
    const int S = static_cast<int>(piece.size());
    const auto [hidden, final] = lstm(reshape(embedding(piece), {1, S, 16}), std::vector{S}, state);  // (1, S, 64)
    return {output(reshape(hidden, {S, 64})), detach(final)};
  }
};

/// Reads a beginning and goes on from there. Logits divided by a temperature below 1 make it more careful.
std::string write(Writer& writer, std::string_view beginning, int letters, Real temperature) {
  std::string text(beginning);
  DetachedStates<LstmState> state;
  std::vector<int> piece = ids(beginning);
  Tape seeded(Tape::Inference, 3);
  for (int i = 0; i < letters; ++i) {
    auto [logits, next] = writer.read(piece, state);
    piece = categorical(slice(logits, 0, -1) / temperature);
    text += kLetters[piece[0]];
    state = std::move(next);
  }
  return text;
}

}

int main() {
  constexpr int kPiece = 40;
  const std::vector<int> text = ids(kText);
  Writer writer;
  AdamW adamw(writer.parameters(), {.learning_rate = 0.01});

  for (int epoch = 0; epoch <= 60; ++epoch) {
    DetachedStates<LstmState> state;
    double sum = 0;
    for (std::size_t begin = 0; begin + 1 < text.size(); begin += kPiece) {
      const std::size_t size = std::min<std::size_t>(kPiece, text.size() - begin - 1);
      Tape tape;
      auto [logits, next] = writer.read(std::span(text).subspan(begin, size), state);
      Tensor loss = cross_entropy(logits, std::span(text).subspan(begin + 1, size));
      tape.backward(loss);
      adamw.step({.grad_scale = clip_factor(grad_norm(writer.parameters()), 1), .zero_grads = true});
      state = std::move(next);
      sum += loss.item() * static_cast<double>(size);
    }
    if (epoch % 20 == 0)
      fmt::print("epoch {:2}  loss a letter {:.1f}\n", epoch, sum / static_cast<double>(text.size() - 1));
  }
  fmt::print("\n{}\n", write(writer, "two grey ", 60, 0.3));
}
