#include "examples/translate/model/parts.h"

#include "ops/elementwise.h"
#include "ops/sequence/embedding.h"

namespace gradus::translate {

namespace {

template <class Cell>
std::unique_ptr<RecurrentCell> make(Module* parent, std::string name, int in, int hidden) {
  return std::make_unique<Cell>(parent, std::move(name), in, hidden);
}

}

Tensor word_vectors(Tensor table, std::span<const int> ids, const ModelConfig& config, bool training) {
  Tensor vectors = embedding(table, ids);
  if (!training) return vectors;
  if (config.word_dropout != 0) {
    vectors = vectors * dropout(full({static_cast<int>(ids.size()), 1}, 1), config.word_dropout);
  }
  return config.embedding_dropout != 0 ? dropout(vectors, config.embedding_dropout) : vectors;
}

ModelConfig without_embedding_dropout(ModelConfig config) {
  config.embedding_dropout = 0;
  return config;
}

std::optional<Embedding> own_target_embedding(Module* parent, const ModelConfig& config) {
  if (config.tied_embeddings != TiedEmbeddings::None) return std::nullopt;
  return std::optional<Embedding>(std::in_place, parent, "embedding", config.target_words, config.embedding);
}

std::vector<int> positions_of(const Packing& packing) {
  std::vector<int> positions;
  for (int t = 0; t < packing.steps(); ++t)
    positions.insert(positions.end(), static_cast<std::size_t>(packing.alive(t)), t);
  return positions;
}

CellStack::MakeCell cell_maker(const ModelConfig& config) {
  switch (config.cell) {
    case CellKind::Lstm:
      return config.layer_norm ? make<LayerNormLSTMCell> : make<LSTMCell>;
    case CellKind::Gru:
      return config.layer_norm ? make<LayerNormGRUCell> : make<GRUCell>;
    case CellKind::GruResetBefore:
      return config.layer_norm ? make<LayerNormResetBeforeGRUCell> : make<ResetBeforeGRUCell>;
    case CellKind::Rnn:
      break;
  }
  return config.layer_norm ? make<LayerNormRNNCell> : make<RNNCell>;
}

std::unique_ptr<Attention> make_attention(Module* parent, const std::string& name, const ModelConfig& config) {
  const AttentionConfig& options = config.attention;
  const int hidden = config.hidden;
  std::unique_ptr<Attention> attention = options.score->make(parent, name,
                                                             {.query = hidden,
                                                              .key = hidden,
                                                              .inner = config.attention_size,
                                                              .positions = config.positions,
                                                              .heads = config.heads});
  attention->scope = options.scope->make(attention.get(), {.query = hidden,
                                                           .window = config.window,
                                                           .wait_k = config.wait_k,
                                                           .value = hidden,
                                                           .chunk = config.chunk,
                                                           .energy_noise = config.energy_noise});
  attention->scope->normalizer = options.normalizer;
  if (options.coverage) attention->coverage.emplace(attention.get(), "coverage", hidden, 1);
  return attention;
}

}
