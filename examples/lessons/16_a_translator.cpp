/// Lesson 16: a translator.
///
/// All of it together: words become numbers, a bidirectional LSTM reads them, a decoder with Bahdanau's attention
/// writes, and a beam search looks for the best sentence. The sentences are those of sentences.h: where English has
/// `black cat`, French has `chat noir`, so that the decoder must look ahead and back.
///
///     h_j = [→h_j; ←h_j]        e_ij = vᵀ tanh(W s_{i-1} + U h_j)        c_i = Σ_j softmax(e_i)_j h_j
///     s_i = LSTM(s_{i-1}, [y_{i-1}; c_i])        p(y_i) = softmax(W_o tanh(W_r [s_i; c_i] + b_r) + b_o)
///
/// That is lesson 9's decoder with an LSTM, and with a layer before the words, the readout, that sees the context,
/// too. examples/translate is the same with all that a real one needs: subwords, batches, dropout, validation,
/// checkpoints.
///
/// This program is linked to the double build of the library, so that a training prints the same digits everywhere.

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "autograd/inspect/player.h"
#include "examples/lessons/sentences.h"
#include "nn/attention_scores.h"
#include "nn/optim/optimizer.h"
#include "nn/recurrent.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/softmax.h"

using namespace gradus;
using namespace gradus::lessons;

namespace {

struct Translator : Module {
  Translator(int source_words, int target_words, int size)
      : source_embedding{this, "source_embedding", source_words, size},
        target_embedding{this, "target_embedding", target_words, size},
        encoder{this, "encoder", size, size, {.bidirectional = true}},
        first{this, "first", size, size},
        attention{this, "attention", size, 2 * size, size},
        decoder{this, "decoder", 3 * size, size},
        readout{this, "readout", 3 * size, size},
        output{this, "output", size, target_words} {}

  /// What a decoder goes on from; the source is the same for all of a sentence's hypotheses.
  struct State {
    KeysValues source;
    LstmState recurrent;
    Tensor weights;  // of the last step's attention: (1, S)
  };

  State read(const std::vector<int>& ids) {
    const Packing packing(std::vector<int>{static_cast<int>(ids.size())});  // one sentence
    const auto encoded = encoder(source_embedding(ids), packing);           // (S, 2H)
    Tensor hidden = first.tanh({encoded.final[1].hidden});                  // s_0, from ←h_1
    return {attention.prepare(encoded.output, packing), {hidden, full(hidden.shape(), 0)}, {}};
  }

  /// The logits of the word after `before`: (1, V).
  Tensor next(int before, State& state) {
    const Attended attended = attention(state.recurrent.hidden, state.source);
    state.recurrent = decoder(concat({target_embedding({&before, 1}), attended.context}, 1), state.recurrent);
    state.weights = attended.weights;
    return output(readout.tanh({state.recurrent.hidden, attended.context}));
  }

  /// Teacher forcing: the mean of -log p(right word).
  Tensor loss(const std::vector<int>& source, const std::vector<int>& target) {
    State state = read(source);
    std::vector<Tensor> logits;
    for (std::size_t i = 0; i < target.size(); ++i) logits.push_back(next(i == 0 ? 0 : target[i - 1], state));
    return cross_entropy(concat(logits, 0), target);
  }

  Embedding source_embedding, target_embedding;
  LSTM encoder;
  Linear first;
  AdditiveAttention attention;
  LSTMCell decoder;
  Linear readout, output;
};

struct Hypothesis {
  std::vector<int> ids;
  double log_p = 0;
  Translator::State state;
  std::vector<Tensor> weights = {};  // of each word

  double score() const { return log_p / static_cast<double>(ids.size()); }
};

/// Lesson 15's beam search. Its tensors live as long as the active tape.
Hypothesis translate(Translator& model, const std::vector<int>& source, std::size_t width) {
  std::vector<Hypothesis> beam{{{}, 0, model.read(source)}}, ended;
  for (int step = 0; step < 12 && !beam.empty(); ++step) {
    std::vector<Hypothesis> longer;
    for (Hypothesis& hypothesis : beam) {
      const int before = hypothesis.ids.empty() ? 0 : hypothesis.ids.back();
      Tensor log_p = log_softmax(model.next(before, hypothesis.state));
      hypothesis.weights.push_back(hypothesis.state.weights);
      for (int id = 0; id < log_p.dim(1); ++id) {
        longer.push_back(hypothesis);
        longer.back().ids.push_back(id);
        longer.back().log_p += log_p.value()[id];
      }
    }
    std::ranges::sort(longer, std::greater(), &Hypothesis::log_p);
    longer.resize(width);
    beam.clear();
    for (const Hypothesis& hypothesis : longer) (hypothesis.ids.back() == 0 ? ended : beam).push_back(hypothesis);
  }
  return *std::ranges::max_element(ended.empty() ? beam : ended, {}, &Hypothesis::score);
}

/// Translates, and prints for each word written where attention was, in percent.
void show_attention(Translator& model, Vocabulary& english, Vocabulary& french, const Words& sentence) {
  Tape tape(Tape::Inference);
  const Hypothesis best = translate(model, english.ids(sentence), 3);
  fmt::print("\n{:>8}{:>8}{:>8}\n", "", fmt::join(sentence, ""), ".");
  for (std::size_t i = 0; i < best.ids.size(); ++i) {
    fmt::print("{:>8}", french.words[best.ids[i]]);
    for (const Real weight : std::as_const(best.weights[i]).value()) fmt::print("{:8.0f}", 100 * weight);
    fmt::print("\n");
  }
}

}

int main() {
  Rng rng(1);
  Vocabulary english, french;
  std::vector<Pair> pairs(100);
  for (Pair& pair : pairs) {
    pair = random_pair(rng);
    english.ids(pair.english), french.ids(pair.french);
  }
  Translator model(static_cast<int>(english.words.size()), static_cast<int>(french.words.size()), 16);
  const auto loss_of = [&](const Pair& pair) { return model.loss(english.ids(pair.english), french.ids(pair.french)); };

  const Pair first{{"the", "black", "fish", "sleeps"}, {"le", "poisson", "noir", "dort"}};
  write_player([&] { return loss_of(first); }, "translator.html",
               {.title = "A first step of a translator", .check_seconds = 0.2});
  fmt::print(
      "translator.html is written: what the first sentence teaches the model, before it has learned anything.\n");

  fmt::print("\n1. Training on {} pairs, such as\n\n", pairs.size());
  for (int i = 0; i < 4; ++i)
    fmt::print("{} = {}\n", fmt::join(pairs[i].english, " "), fmt::join(pairs[i].french, " "));
  fmt::print("\n");
  // One pair a step, all of them in each epoch. (Larger programs take a batch of sentences side by side.)
  Adam adam(model.parameters(), {.learning_rate = 0.005});
  for (int epoch = 1; epoch <= 20; ++epoch) {
    double mean = 0;
    for (const Pair& pair : pairs) {
      Tape tape;
      Tensor loss = loss_of(pair);
      tape.backward(loss);
      adam.step({.grad_scale = clip_factor(grad_norm(model.parameters()), 1), .zero_grads = true});
      mean += loss.item() / static_cast<double>(pairs.size());
    }
    if (epoch % 4 == 0 || epoch == 1) fmt::print("epoch {:2}: loss {:.2f}\n", epoch, mean);
  }

  fmt::print("\n2. Sentences that it has never seen\n\n");
  // It has seen their words, in other sentences. To be right is to write every word as the grammar has it, and the end.
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    Pair pair = random_pair(rng);
    while (std::ranges::find(pairs, pair.english, &Pair::english) != pairs.end()) pair = random_pair(rng);
    Tape tape(Tape::Inference);
    right += translate(model, english.ids(pair.english), 3).ids == french.ids(pair.french);
  }
  fmt::print("{} of 100 are translated without a mistake\n", right);

  fmt::print("\n3. Where it looked, in percent: a row for each word written, a column for each word read\n");
  show_attention(model, english, french, {"a", "black", "cat", "hears", "the", "white", "dog"});
  show_attention(model, english, french, {"the", "black", "fish", "sleeps"});
}
