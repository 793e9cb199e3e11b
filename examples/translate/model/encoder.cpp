#include "examples/translate/model/encoder.h"

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/model/parts.h"
#include "ops/fused/attention.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

std::unique_ptr<RecurrentStack> make_stack(Module* parent, const ModelConfig& config) {
  const RecurrentOptions options{.layers = config.encoder_layers,
                                 .bidirectional = config.bidirectional,
                                 .dropout = static_cast<Real>(config.layer_dropout),
                                 .residual = config.residual,
                                 .recurrent_dropout = static_cast<Real>(config.recurrent_dropout)};
  const int in = config.embedding, hidden = config.bidirectional ? config.hidden / 2 : config.hidden;
  const bool fused = !config.layer_norm && config.cell != CellKind::GruResetBefore;
  if (!fused) return std::make_unique<CellStack>(parent, "rnn", in, hidden, options, cell_maker(config));
  if (config.cell == CellKind::Lstm) return std::make_unique<LSTM>(parent, "rnn", in, hidden, options);
  if (config.cell == CellKind::Gru) return std::make_unique<GRU>(parent, "rnn", in, hidden, options);
  return std::make_unique<RNN>(parent, "rnn", in, hidden, options);
}

/// The packed rows with each sequence's steps in the reverse order; it is its own inverse.
std::vector<int> reversed_rows(const Packing& packing) {
  std::vector<int> rows(packing.rows());
  for (int b = 0; b < packing.batch(); ++b) {
    const int length = packing.length(b);
    for (int t = 0; t < length; ++t) rows[packing.row(b, t)] = packing.row(b, length - 1 - t);
  }
  return rows;
}

/// The mean of each sequence's rows.   states: (rows, H) -> (B, H)
Tensor mean_of_states(Tensor states, const Packing& packing) {
  Tensor weights = full({packing.batch(), packing.steps()}, 0);
  for (int b = 0; b < packing.batch(); ++b) {
    Real* const row = weights.value().row(b);
    std::fill_n(row, packing.length(b), 1 / static_cast<Real>(packing.length(b)));
  }
  return weighted_sum(weights, states, packed_rows(packing));
}

}

Encoder::Encoder(Module* parent, std::string name, const ModelConfig& config) : Module(parent, std::move(name)) {
  if (config.tied_embeddings != TiedEmbeddings::All) {
    embedding.emplace(this, "embedding", config.source_words, config.embedding);
  }
}

Tensor Encoder::read_on(std::span<const int>, DetachedStates<LstmState>&, Parameter*) {
  fail("encoder: it sees the whole sentence at once; need one that reads forward only, word by word [in {}]", path());
}

RecurrentEncoder::RecurrentEncoder(Module* parent, std::string name, const ModelConfig& config)
    : Encoder(parent, std::move(name), config), config_(config), rnn_(make_stack(this, config)) {}

Encoder::Output RecurrentEncoder::operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) {
  const ModulePath here(path());
  const Tensor table = embedding ? embedding->weight : *shared;
  const std::vector<int> reversed = config_.reverse_source ? reversed_rows(packing) : std::vector<int>();
  const Tensor words = word_vectors(table, ids, config_, training());
  const Tensor x = config_.reverse_source ? gather_rows(words, reversed) : words;
  const auto [output, final] = rnn_->sequence(x, packing);
  const Tensor states = config_.reverse_source ? gather_rows(output, reversed) : output;  // each with its word
  return {states, summary(states, final, packing), words};
}

Tensor RecurrentEncoder::read_on(std::span<const int> ids, DetachedStates<LstmState>& read, Parameter* shared) {
  if (config_.bidirectional || config_.reverse_source) return Encoder::read_on(ids, read, shared);
  const ModulePath here(path());
  const Tensor words = word_vectors(embedding ? embedding->weight : *shared, ids, config_, training());
  const int length = static_cast<int>(ids.size());
  const auto [output, final] = rnn_->sequence(words, Packing({&length, 1}), read);
  read = detach(final);
  return output;
}

std::span<const LstmState> RecurrentEncoder::summary(Tensor states, std::span<const LstmState> final,
                                                     const Packing& packing) const {
  const bool has_cell = config_.cell == CellKind::Lstm;
  const auto one = [](const LstmState& state) { return Tape::active().arena().copy(std::span(&state, 1)); };
  switch (config_.bridge) {
    case Bridge::Last:
      return last_states(final).last(1);
    case Bridge::Copy:
      return last_states(final);
    case Bridge::Backward:
      return final.last(1);
    case Bridge::Mean: {
      const Tensor mean = mean_of_states(states, packing);
      return one({mean, has_cell ? mean : Tensor()});
    }
    case Bridge::Zero:
    case Bridge::Learned:
      break;
  }
  return {};
}

std::span<const LstmState> RecurrentEncoder::last_states(std::span<const LstmState> final) const {
  if (!config_.bidirectional) return final;
  return Tape::active().arena().make_array(final.size() / 2, [&](std::size_t l) {
    const LstmState &forward = final[2 * l], &backward = final[2 * l + 1];
    const Tensor cell = forward.cell ? concat({forward.cell, backward.cell}, -1) : Tensor();
    return LstmState{concat({forward.hidden, backward.hidden}, -1), cell};
  });
}

}
