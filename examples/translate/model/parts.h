#pragma once

#include <memory>
#include <span>
#include <string>

#include "examples/translate/config/model_config.h"
#include "nn/attention.h"
#include "nn/recurrent.h"

/// The parts of encoders and decoders, as a configuration names them.

namespace gradus::translate {

/// The vectors of the words, y[i] = table[ids[i]]. In training first whole words are dropped (`word_dropout`), then
/// numbers of the vectors that are left (`embedding_dropout`).   table: (V, E), ids: (N) -> (N, E)
Tensor word_vectors(Tensor table, std::span<const int> ids, const ModelConfig& config, bool training);

/// Makes single steps of the recurrence that `ModelConfig::cell` and `ModelConfig::layer_norm` name.
CellStack::MakeCell cell_maker(const ModelConfig& config);

/// The attention that the configuration describes, for queries and states of `ModelConfig::hidden` numbers, as a child
/// of `parent`.
std::unique_ptr<Attention> make_attention(Module* parent, const std::string& name, const ModelConfig& config);

}
