#include "examples/translate/report/player/replay.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>

#include "autograd/gather.h"
#include "examples/translate/model/attentive_decoder.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace gradus::translate {

namespace {

/// Luong's decoder computes h̃_t on the way to the readout and hands it on only if it feeds it: it is found on the tape,
/// by its module.
void find_attentional(Replay& replay) {
  const std::uint64_t first = replay.steps.front().embedded.node().id;
  std::size_t t = 0;
  for (const Node* node : Tape::active().nodes()) {
    const bool is_attentional = std::string_view(node->path).ends_with(".attentional") && !node->outputs.empty();
    if (node->id < first || !is_attentional) continue;
    while (t < replay.steps.size() && replay.steps[t].logits.node().id < node->id) ++t;
    if (t < replay.steps.size()) replay.steps[t].attentional = node->outputs.front();
  }
}

Real norm(std::span<const Real> x) {
  double squares = 0;
  for (const Real number : x) squares += static_cast<double>(number) * number;
  return static_cast<Real>(std::sqrt(squares));
}

}

Replay replay(Seq2Seq& model, const Pair& pair) {
  const int only = 0;
  const Batch batch = make_batch({&pair, 1}, {&only, 1});
  const Packing packing(batch.source_lengths);
  Decoder& decoder = model.decoder();
  const Encoder::Output encoded = model.encoder()(batch.source_ids, packing, &decoder.embedding_weight());
  const EncodedSource source = decoder.prepare(encoded.states, packing, batch.order);
  Replay result{encoded.states, source[0], {}};
  DecoderState state = decoder.begin(encoded.summary, batch.order);
  for (const int previous : batch.target_inputs) {
    ReplayStep step{.embedded = decoder.embed({&previous, 1})};
    const Decoder::Step made = decoder.step(step.embedded, state, source);
    state = made.state;
    step.output = made.output;
    step.state = state.as<AttentiveState>().recurrent.hidden();
    step.readout = decoder.readout({&step.output, 1}, step.embedded);
    step.logits = decoder.output()(step.readout);
    result.steps.push_back(step);
  }
  find_attentional(result);
  return result;
}

std::vector<Real> saliency(Seq2Seq& model, const Pair& pair) {
  // A tape runs backward once, so each word of the target gets a copy of the sentence, cut off behind it. The copies
  // are a batch, longest first, and one backward serves all: word t is the last one of copy T - 1 - t.
  const int T = static_cast<int>(pair.target.size()), S = static_cast<int>(pair.source.size());
  std::vector<Pair> copies;
  for (int t = T; t > 0; --t) copies.push_back({pair.source, {pair.target.begin(), pair.target.begin() + t}});
  std::vector<int> all(T);
  std::iota(all.begin(), all.end(), 0);
  const Batch batch = make_batch(copies, all);

  Decoder& decoder = model.decoder();
  Parameter& table = model.source_embedding_weight();
  const KeptGradients kept(&table);
  const OnlyLearning learning(model, &table);
  Tape tape;
  const Packing packing(batch.source_lengths);
  const Encoder::Output encoded = model.encoder()(batch.source_ids, packing, &decoder.embedding_weight());
  const EncodedSource source = decoder.prepare(encoded.states, packing, batch.order);
  DecoderState state = decoder.begin(encoded.summary, batch.order);
  Tensor log_probability;  // the sum over all copies
  for (int t = 0; t < T; ++t) {
    const int alive = T - t;
    const std::vector<int> previous(alive, t == 0 ? kBegin : pair.target[t - 1]);
    if (t > 0) state = state.map([&](Tensor x) { return x ? first_rows(x, alive) : x; });
    const Tensor embedded = decoder.embed(previous);
    const Decoder::Step step = decoder.step(embedded, state, source);
    state = step.state;
    const Tensor last = slice(decoder.readout({&step.output, 1}, embedded), 0, alive - 1, alive);
    const int word = pair.target[t];
    const Tensor log_p = sum(take_along_axis(log_softmax(decoder.output()(last)), {&word, 1}));
    log_probability = log_probability ? log_probability + log_p : log_p;
  }
  tape.backward(log_probability);

  std::vector<Real> result(static_cast<std::size_t>(T) * S);
  const ConstArray gradient = std::as_const(encoded.words).grad();
  for (int t = 0; t < T; ++t) {
    for (int j = 0; j < S; ++j) {
      const Real* const row = gradient.row(packing.row(T - 1 - t, j));
      result[t * S + j] = norm({row, static_cast<std::size_t>(gradient.cols())});
    }
  }
  return result;
}

}
