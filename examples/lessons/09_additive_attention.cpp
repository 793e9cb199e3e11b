/// Lesson 9: additive attention.
///
/// The decoder of lesson 6 must remember the whole word in one vector. Bahdanau et al. (2014) let it look back instead:
/// the encoder keeps its state at every letter, and before each step the decoder asks all of them which one it needs.
///
///     h_j  = [→h_j; ←h_j]                         a letter with what stands before and after it: two encoders, GRUs
///     e_ij = vᵀ tanh(W s_{i-1} + U h_j)           the score, a small net of one hidden layer (A.1.2)
///     α_ij = exp(e_ij) / Σ_k exp(e_ik)            (eq. 6)
///     c_i  = Σ_j α_ij h_j                         (eq. 5)
///     s_i  = GRU(s_{i-1}, [y_{i-1}; c_i])         from s_0 = tanh(W_s ←h_1)
///
/// A *GRU* (Cho et al. 2014) is a recurrent net like the LSTM of lesson 6, with two gates and without a cell. r says
/// how much of the old state goes into the new one n, z how much of the old one stays:
///
///     r, z = σ(W [x; s] + b), each with a W and a b of its own
///     n = tanh(W_n x + b_n + r ∘ (U_n s + b_u))                       s' = (1 - z) ∘ n + z ∘ s
///
/// It asks with its *previous* state, s_{i-1}, since the answer goes into the step that makes s_i. Departures from the
/// paper: its reset gate comes before the product (ResetBeforeGRUCell), and its output layer is a maxout of s_{i-1},
/// c_i and y_{i-1}.
///
/// This program is linked to the double build of the library, so that a training prints the same digits everywhere.

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/names.h"
#include "examples/lessons/letters.h"
#include "nn/attention_scores.h"
#include "nn/layers.h"
#include "nn/recurrent.h"
#include "ops/elementwise.h"
#include "ops/fused/unfused.h"

using namespace gradus;
using namespace gradus::lessons;

namespace {

struct Bahdanau : Writer {
  explicit Bahdanau(int size)
      : embedding{this, "embedding", kSymbols, 8},
        encoder{this, "encoder", 8, size, {.bidirectional = true}},
        first{this, "first", size, size},
        attention{this, "attention", size, 2 * size, size},
        decoder{this, "decoder", 8 + 2 * size, size},
        output{this, "output", size, kSymbols} {}

  void read(const Words& words) override {
    const Packing packing(std::vector<int>(words.count, words.length));
    const auto encoded = encoder(embedding(words.letters), packing);
    source = attention.prepare(encoded.output, packing);  // all h_j, and U h_j, which no step needs to compute again
    state = tanh(first(encoded.final[1]));                // ←h_1: the reading from right to left ends at letter 1
  }

  Tensor next(std::span<const int> before) override {
    attended = attention(state, source);
    state = decoder(concat({embedding(before), attended.context}, 1), state);
    return output(state);
  }

  Embedding embedding;
  GRU encoder;
  Linear first;
  AdditiveAttention attention;
  GRUCell decoder;
  Linear output;

  KeysValues source;
  Tensor state;       // s, (B, H)
  Attended attended;  // what the last step looked at
};

/// Writes a word, and prints for each letter written where attention was, in percent.
void show_attention(Bahdanau& model, const std::string& word) {
  Tape tape(Tape::Inference);
  model.read(one_word(word));
  fmt::print(" ");
  for (const char letter : word) fmt::print("{:>4}", letter);
  fmt::print("\n");
  std::vector<int> before{kBegin};
  for (std::size_t i = 0; i < word.size(); ++i) {
    before = argmax(model.next(before));
    fmt::print("{}", static_cast<char>('a' + before[0]));
    for (const Real weight : model.attended.weights.value()) fmt::print("{:4.0f}", 100 * weight);
    fmt::print("\n");
  }
}

}

int main() {
  fmt::print("1. The score, out of its parts\n\n");
  // W, U and v of a new attention module, applied by hand to one query and three states.
  AdditiveAttention attention(nullptr, "attention", 2, 2, 3);
  const auto states = [] { return named("h", variable({1, 3, 2}, {1, 0, 0, 1, -1, -1})); };
  {
    Tape tape(Tape::Inference);
    Tensor s = constant({1, 2}, {0.5, -1}), h = states();
    Tensor hidden =
        tanh(attention.query(s) + attention.key(reshape(h, {3, 2})));  // (3, A): W s + b is the same for all
    print("by hand", transpose(attention.score(hidden)));              // vᵀ tanh(W s + U h_j)
    print("scores", attention.scores(s, attention.prepare(h, std::vector<int>{3})));
  }
  write_player(
      [&] {
        const Unfused unfused;  // basic ops instead of the fused ones that training uses
        Tensor s = named("s", variable({1, 2}, {0.5, -1}));
        Tensor context = named("context", attention(s, attention.prepare(states(), std::vector<int>{3})).context);
        return named("loss", sum(square(context - constant({1, 2}, {0, 1}))));
      },
      "additive.html", {.title = "One step of additive attention"});
  fmt::print("additive.html is written: this step, forward and backward.\n");

  fmt::print("\n2. Trained on the same words as in lesson 6, for 1200 steps instead of 1000, at half the rate\n\n");
  Bahdanau model(24);
  train(model, 1200, 10, 200, 0.005);

  fmt::print("\n3. Right letters, by length: compare with lesson 6 and its H = 24\n\n");
  // Words of the lengths that it was trained on are right now, however long. In much longer ones it loses its place:
  // where to look next is learned too, and for no more letters than there were.
  for (int length = 2; length <= 20; length += 2)
    fmt::print("{:2}: {:3.0f} %\n", length, 100 * accuracy(model, length));

  fmt::print("\n4. Where it looked, in percent: a row for each letter written, a column for each letter read\n\n");
  // Nobody has told it where to look: the weights had to become so for the loss to fall. They lie about the diagonal,
  // but need not be sharp, since a state knows its neighbours, too.
  show_attention(model, "abcdefgh");
}
