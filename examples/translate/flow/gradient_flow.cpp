#include "examples/translate/flow/gradient_flow.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "autograd/gather.h"
#include "autograd/inspect/observers.h"
#include "autograd/names.h"
#include "ops/cross_entropy.h"
#include "ops/fused/unfused.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

/// A pass over a pair takes it so many times at most, once for each of as many words, so that memory stays in bounds.
constexpr int kMostCopies = 16;

/// A state of one of the copies: a row of a tensor.
struct State {
  const Node* node;
  int row;
};

/// Hears the norms of the rows of the gradients of some nodes. Memory of a gradient may serve again as soon as the
/// closure of its own op has begun, so each is looked at whenever a closure may have added to it; the last look sees
/// all of it.
class RowNorms : OpListener {
 public:
  explicit RowNorms(const std::vector<State>& states) {
    for (const State& state : states) norms_[state.node].assign(state.node->shape[0], 0);
  }
  double of(const State& state) const { return norms_.at(state.node)[state.row]; }

 private:
  void passed_back(std::span<const Tensor> outputs) override {
    for (const Tensor& input : outputs.front().node().inputs) {
      const Node& node = input.node();
      const auto found = norms_.find(&node);
      if (found == norms_.end() || node.grad == nullptr) continue;
      const Real* number = node.grad;
      for (double& norm : found->second) {
        double sum = 0;
        for (int i = 0; i < node.shape[1]; ++i, ++number) sum += double(*number) * double(*number);
        norm = std::sqrt(sum);
      }
    }
  }

  std::unordered_map<const Node*, std::vector<double>> norms_;
};

/// The hidden states that modules below a path have made, (1, H) or (B, H) each, in the order of their making.
std::vector<const Node*> states_below(const Tape& tape, std::string_view path) {
  std::vector<const Node*> states;
  for (const Node* node : tape.nodes()) {
    const char* const name = name_of(*node);
    if (name != nullptr && std::strcmp(name, "h") == 0 && std::string_view(node->path).starts_with(path))
      states.push_back(node);
  }
  return states;
}

/// Of each of B copies the states of `length` steps, in the order of the steps: states[b · length + k].
using States = std::vector<State>;

/// Those of one layer and direction of the encoder, which come step by step for all copies at once, or copy by copy.
States states_of(std::span<const Node* const> nodes, int B, int length) {
  const bool together = static_cast<int>(nodes.size()) == length;
  States states;
  for (int b = 0; b < B; ++b) {
    for (int k = 0; k < length; ++k) states.push_back(together ? State{nodes[k], b} : State{nodes[b * length + k], 0});
  }
  return states;
}

/// The states of the encoder's last layer, in the order of the words. They come layer by layer, direction by direction,
/// in the order of reading.
struct EncoderStates {
  States forward, backward;
};

EncoderStates encoder_states(const Tape& tape, const ModelConfig& config, int B, int S) {
  const std::vector<const Node*> all = states_below(tape, "encoder.rnn");
  const std::size_t runs = static_cast<std::size_t>(config.encoder_layers) * (config.bidirectional ? 2 : 1);
  const std::size_t length = all.size() / runs;
  if (length * runs != all.size() || (length != std::size_t(S) && length != std::size_t(B) * S))
    fail("gradient_flow: the encoder named {} states in {} runs over {} words of {} sentences", all.size(), runs, S, B);
  const auto run = [&](std::size_t i, bool backwards) {
    States states = states_of(std::span(all).subspan(i * length, length), B, S);
    for (int b = 0; backwards && b < B; ++b) std::reverse(states.begin() + b * S, states.begin() + (b + 1) * S);
    return states;
  };
  if (!config.bidirectional) return {run(runs - 1, config.reverse_source), {}};
  return {run(runs - 2, false), run(runs - 1, true)};
}

/// The states of the decoder's last layer, which come step by step, layer by layer, of all copies at once or copy by
/// copy.
States decoder_states(const Tape& tape, const ModelConfig& config, int B, int T) {
  const std::vector<const Node*> all = states_below(tape, "decoder.cell");
  const int layers = config.decoder_layers, count = static_cast<int>(all.size());
  const bool together = count == layers * T;
  if (!together && count != layers * T * B)
    fail("gradient_flow: the decoder named {} states in {} layers over {} words of {} sentences", count, layers, T, B);
  States states;
  for (int b = 0; b < B; ++b) {
    for (int k = 0; k < T; ++k) {
      const int last = (k + 1) * layers - 1;
      states.push_back(together ? State{all[last], b} : State{all[last * B + b], 0});
    }
  }
  return states;
}

/// Appends the rows of B words, each by the states of its own copy.
void append(StateNorms& norms, const RowNorms& heard, const States& states, int B) {
  if (states.empty()) return;
  norms.words += B;
  norms.states = static_cast<int>(states.size()) / B;
  for (const State& state : states) norms.norms.push_back(heard.of(state));
}

/// Σ_b loss_{first + b} of copy b, for copies of one pair of T words: no copy reads another, so that each gets the
/// gradient of its own word.   -> ()
Tensor word_losses(Seq2Seq& model, const Batch& copies, int first) {
  const int B = copies.size();
  std::vector<int> rows, words;
  for (int b = 0; b < B; ++b) {
    rows.push_back((first + b) * B + b);  // packed step by step
    words.push_back(copies.target_outputs[rows.back()]);
  }
  return cross_entropy(gather_rows(model.logits(copies), rows), words, {.divisor = 1});
}

}

double GradientFlow::own_norm(int word) const {
  double largest = 0;
  for (int own = 0; own <= word; ++own) largest = std::max(largest, decoder.at(word, own));
  return largest;
}

int encoder_distance(int S, int s, int t, bool backwards) { return (backwards ? s : S - 1 - s) + t + 1; }

void require_recurrent(const Seq2Seq& model, const std::string& name) {
  const Architecture architecture = model.config().architecture;
  if (architecture == Architecture::Recurrent) return;
  fail("{} is {}: no state of it goes on from step to step, so no gradient flows through time", name,
       architecture == Architecture::Transformer ? "a Transformer" : "made of convolutions");
}

GradientFlow gradient_flow(Seq2Seq& model, const Pair& pair) {
  require_recurrent(model, "gradient_flow: the model");
  model.eval();
  // All states come from the tables of word vectors: with these alone every state still gets its gradient, and no time
  // goes into those of matrices.
  const OnlyLearning tables(model, {&model.decoder().embedding_weight(), &model.source_embedding_weight()});
  const Unfused unfused;
  const ModelConfig& config = model.config();
  const int S = static_cast<int>(pair.source.size()), T = static_cast<int>(pair.target.size());
  GradientFlow flow;
  flow.reversed = config.reverse_source;
  for (int first = 0; first < T; first += kMostCopies) {
    const int B = std::min(kMostCopies, T - first);
    const std::vector<Pair> pairs(B, pair);
    std::vector<int> all(B);
    std::iota(all.begin(), all.end(), 0);
    Tape tape;
    const Tensor loss = word_losses(model, make_batch(pairs, all), first);
    const auto [forward, backward] = encoder_states(tape, config, B, S);
    const States decoder = decoder_states(tape, config, B, T);
    States states = decoder;
    states.insert(states.end(), forward.begin(), forward.end());
    states.insert(states.end(), backward.begin(), backward.end());
    const RowNorms heard(states);
    sweep(tape, loss);
    append(flow.forward, heard, forward, B);
    append(flow.backward, heard, backward, B);
    append(flow.decoder, heard, decoder, B);
  }
  return flow;
}

}
