#include "examples/translate/model/word_vectors.h"

#include "ops/elementwise.h"
#include "ops/embedding.h"

namespace gradus::translate {

Tensor word_vectors(Tensor table, std::span<const int> ids, const ModelConfig& config, bool training) {
  Tensor vectors = embedding(table, ids);
  if (!training) return vectors;
  if (config.word_dropout != 0) {
    vectors = vectors * dropout(full({static_cast<int>(ids.size()), 1}, 1), config.word_dropout);
  }
  return config.embedding_dropout != 0 ? dropout(vectors, config.embedding_dropout) : vectors;
}

}
