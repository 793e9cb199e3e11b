#include "examples/translate/encoder.h"

#include "examples/translate/cells.h"
#include "examples/translate/word_vectors.h"
#include "ops/attention.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

std::unique_ptr<RecurrentStack> make_stack(Module* parent, const ModelConfig& config) {
  const RecurrentOptions options{.layers = config.encoder_layers,
                                 .bidirectional = config.bidirectional,
                                 .dropout = config.layer_dropout,
                                 .residual = config.residual,
                                 .recurrent_dropout = config.recurrent_dropout};
  const int in = config.embedding, hidden = config.bidirectional ? config.hidden / 2 : config.hidden;
  if (config.layer_norm) return std::make_unique<CellStack>(parent, "rnn", in, hidden, options, cell_maker(config));
  if (config.cell == CellKind::Lstm) return std::make_unique<LSTM>(parent, "rnn", in, hidden, options);
  return std::make_unique<GRU>(parent, "rnn", in, hidden, options);
}

/// The mean of each sequence's rows.   states: (rows, H) -> (B, H)
Tensor mean_of_states(Tensor states, const Packing& packing) {
  const Tensor weights = full({packing.batch(), packing.steps()}, 0);
  for (int b = 0; b < packing.batch(); ++b) {
    Real* const row = weights.value().row(b);
    std::fill_n(row, packing.length(b), 1 / static_cast<Real>(packing.length(b)));
  }
  return weighted_sum(weights, states, packed_sentences(packing));
}

}

Encoder::Encoder(Module* parent, std::string name, const ModelConfig& config)
    : Module(parent, std::move(name)), config_(config) {
  if (config.tied_embeddings != TiedEmbeddings::All) {
    embedding.emplace(this, "embedding", config.source_words, config.embedding);
  }
  rnn_ = make_stack(this, config);
}

Encoder::Output Encoder::operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) {
  const Scope scope(path());
  const Tensor table = embedding ? embedding->weight : *shared;
  const auto [states, final] = rnn_->sequence(word_vectors(table, ids, config_, training()), packing);
  return {states, summary(states, final, packing)};
}

LstmState Encoder::summary(Tensor states, std::span<const LstmState> final, const Packing& packing) const {
  const bool has_cell = config_.cell == CellKind::Lstm;
  if (config_.bridge == Bridge::Mean) {
    const Tensor mean = mean_of_states(states, packing);
    return {mean, has_cell ? mean : Tensor()};
  }
  if (config_.bridge != Bridge::Last) return {};
  const LstmState last = final.back();
  if (!config_.bidirectional) return last;
  const LstmState forward = final[final.size() - 2];
  return {concat({forward.hidden, last.hidden}, -1), has_cell ? concat({forward.cell, last.cell}, -1) : Tensor()};
}

}
