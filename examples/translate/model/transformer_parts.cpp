#include "examples/translate/model/transformer_parts.h"

#include <algorithm>
#include <cmath>

#include "autograd/scratch.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

Tensor scaled(Tensor words) { return std::sqrt(static_cast<Real>(words.dim(1))) * words; }

}

TransformerOptions transformer_options(const ModelConfig& config) {
  return {.size = config.hidden,
          .heads = config.heads,
          .feed_forward = config.feed_forward,
          .dropout = static_cast<Real>(config.layer_dropout),
          .norm_first = config.pre_norm};
}

ModelConfig without_embedding_dropout(ModelConfig config) {
  config.embedding_dropout = 0;
  return config;
}

Tensor with_positions(Tensor words, const Packing& packing) {
  Scratch scratch;
  int* const positions = scratch.allocate<int>(packing.rows());
  for (int t = 0; t < packing.steps(); ++t) std::fill_n(positions + packing.offset(t), packing.alive(t), t);
  const Tensor table = sinusoidal_positions(0, packing.steps(), words.dim(1));
  return scaled(words) + gather_rows(table, {positions, static_cast<std::size_t>(packing.rows())});
}

Tensor with_position(Tensor words, int position) {
  return scaled(words) + sinusoidal_positions(position, 1, words.dim(1));
}

}
