#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/config/model_config.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/recurrent.h"

/// The parts of encoders and decoders, as a configuration names them.

namespace gradus::translate {

/// The vectors of the words, y[i] = table[ids[i]]. In training first whole words are dropped (`word_dropout`), then
/// numbers of the vectors that are left (`embedding_dropout`).   table: (V, E), ids: (N) -> (N, E)
Tensor word_vectors(Tensor table, std::span<const int> ids, const ModelConfig& config, bool training);

/// `config` for `word_vectors`, with no dropout of theirs: it comes after the positions (Vaswani et al. 2017, section
/// 5.4).
ModelConfig without_embedding_dropout(ModelConfig config);
/// A table of the decoder's words, unless the output layer has it.
std::optional<Embedding> own_target_embedding(Module* parent, const ModelConfig& config);
/// The position of each row in its sentence, from 0.   -> (rows)
std::vector<int> positions_of(const Packing& packing);

/// Makes single steps of the recurrence that `ModelConfig::cell` and `ModelConfig::layer_norm` name.
CellStack::MakeCell cell_maker(const ModelConfig& config);

/// The attention that the configuration describes, for queries and states of `ModelConfig::hidden` numbers, as a child
/// of `parent`.
std::unique_ptr<Attention> make_attention(Module* parent, const std::string& name, const ModelConfig& config);

}
