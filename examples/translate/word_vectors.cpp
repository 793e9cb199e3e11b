#include "examples/translate/word_vectors.h"

#include "ops/elementwise.h"
#include "ops/embedding.h"

namespace gradus::translate {

Tensor word_vectors(Tensor table, std::span<const int> ids, const WordVectorDropout& dropout) {
  Tensor vectors = embedding(table, ids);
  if (dropout.words != 0) {
    vectors = vectors * gradus::dropout(full({static_cast<int>(ids.size()), 1}, 1), dropout.words);
  }
  return dropout.numbers != 0 ? gradus::dropout(vectors, dropout.numbers) : vectors;
}

}
