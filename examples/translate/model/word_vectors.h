#pragma once

#include <span>

#include "autograd/tape.h"
#include "examples/translate/config/model_config.h"

namespace gradus::translate {

/// The vectors of the words, y[i] = table[ids[i]]. In training first whole words are dropped (`word_dropout`), then
/// numbers of the vectors that are left (`embedding_dropout`).   table: (V, E), ids: (N) -> (N, E)
Tensor word_vectors(Tensor table, std::span<const int> ids, const ModelConfig& config, bool training);

}
