/// Lesson 10: multiplicative attention, and the attentional vector.
///
/// Luong et al. (2015) simplify Bahdanau's decoder. The recurrence comes first, and attention asks with the *current*
/// state h_t; what it finds meets h_t in the attentional vector h̃_t, from which the word is predicted:
///
///     h_t = LSTM(h_{t-1}, y_{t-1})
///     score(h_t, h̄_s) = h_tᵀ h̄_s                  dot: state and query must speak the same language
///                     = h_tᵀ W_a h̄_s              general: W_a translates
///                     = vᵀ tanh(W_a [h_t; h̄_s])   concat: lesson 9's score, without its bias
///     a_t = softmax(scores)   c_t = Σ_s a_t(s) h̄_s
///     h̃_t = tanh(W_c [c_t; h_t])                  (eq. 5)
///     p(y_t) = softmax(W_s h̃_t)                   (eq. 6)
///
/// Dot and general scores of all positions are a single product of matrices, which is fast; the additive one needs a
/// tanh of A numbers for each pair of query and state. Departure: encoder and decoder have one layer, not four.
///
/// This program is linked to the double build of the library, so that a training prints the same digits everywhere.

#include <memory>

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/names.h"
#include "examples/lessons/letters.h"
#include "nn/attention_scores.h"
#include "nn/layers.h"
#include "nn/recurrent.h"
#include "ops/elementwise.h"
#include "ops/fused/unfused.h"
#include "ops/matmul.h"

using namespace gradus;
using namespace gradus::lessons;

namespace {

constexpr int kSize = 24;

struct Luong : Writer {
  explicit Luong(const std::string& score)
      : embedding{this, "embedding", kSymbols, 8},
        encoder{this, "encoder", 8, kSize},
        decoder{this, "decoder", 8, kSize},
        attentional{this, "attentional", 2 * kSize, kSize, false},
        output{this, "output", kSize, kSymbols, false} {
    if (score == "dot") attention = std::make_unique<DotAttention>(this, "attention");
    if (score == "general") attention = std::make_unique<GeneralAttention>(this, "attention", kSize, kSize);
    if (score == "concat") attention = std::make_unique<ConcatAttention>(this, "attention", kSize, kSize, kSize);
  }

  void read(const Words& words) override {
    const Packing packing(std::vector<int>(words.count, words.length));
    const auto encoded = encoder(embedding(words.letters), packing);
    source = attention->prepare(encoded.output, packing);
    state = encoded.final[0];
  }

  Tensor next(std::span<const int> before) override {
    state = decoder(embedding(before), state);
    Attended attended = (*attention)(state.hidden, source);             // c_t: (B, H)
    return output(attentional.tanh({attended.context, state.hidden}));  // W_s tanh(W_c [c_t; h_t])
  }

  Embedding embedding;
  LSTM encoder;
  LSTMCell decoder;
  Linear attentional, output;
  std::unique_ptr<Attention> attention;

  KeysValues source;
  LstmState state;
};

}

int main() {
  fmt::print("1. Scores as products of matrices\n\n");
  GeneralAttention general(nullptr, "attention", 2, 3);  // queries of 2 numbers, states of 3
  {
    Tape tape(Tape::Inference);
    Tensor h = constant({1, 2}, {0.5, -1}), states = constant({4, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1});
    Tensor keys = general.key(states);             // W_a h̄_s, once a sentence: (4, 3) -> (4, 2)
    print("by hand", matmul(h, transpose(keys)));  // h_tᵀ W_a h̄_s: (1, 2) @ (2, 4) -> (1, 4)
    print("general", general.scores(h, general.prepare(reshape(states, {1, 4, 3}), std::vector<int>{4})));
  }

  // The whole step with h_t given: score, softmax, context, attentional vector, words.
  Linear w_c(nullptr, "attentional", 5, 2, false), w_s(nullptr, "output", 2, 3, false);
  const auto step = [&] {
    const Unfused unfused;  // basic ops instead of the fused ones that training uses
    Tensor h = named("h", variable({1, 2}, {0.5, -1}));
    Tensor states = named("states", variable({1, 4, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}));
    Tensor context = named("context", general(h, general.prepare(states, std::vector<int>{4})).context);
    Tensor attentional = named("h~", tanh(w_c({context, h})));  // (eq. 5)
    const std::vector<int> right{2};
    return named("loss", cross_entropy(w_s(attentional), right));
  };
  write_player(step, "multiplicative.html", {.title = "One step of Luong's attention"});
  fmt::print("multiplicative.html is written: from the scores to the attentional vector, and back.\n");

  fmt::print("\n2. The same training as in lesson 6, with each score\n\n");
  for (const char* score : {"dot", "general", "concat"}) {
    Luong model(score);
    fmt::print("{}: {} parameters in attention\n", score, model.attention->parameter_count());
    train(model, 1000, 10, 250);
    fmt::print("right letters at length 6: {:.0f} %, 8: {:.0f} %, 10: {:.0f} %\n\n", 100 * accuracy(model, 6),
               100 * accuracy(model, 8), 100 * accuracy(model, 10));
  }
}
