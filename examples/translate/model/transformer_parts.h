#pragma once

#include "examples/translate/config/model_config.h"
#include "nn/transformer.h"

/// What the Transformer's encoder and decoder have in common.

namespace gradus::translate {

TransformerOptions transformer_options(const ModelConfig& config);

/// `config` for `word_vectors`, with no dropout of theirs: it comes after the positions (Vaswani et al. 2017, section
/// 5.4).
ModelConfig without_embedding_dropout(ModelConfig config);

/// √H y + p_t of the words y at their positions t (Vaswani et al. 2017, sections 3.4 and 3.5).   (rows, H), packed
Tensor with_positions(Tensor words, const Packing& packing);
/// Word vectors with the position added, for words that are all at one position.   (N, H)
Tensor with_position(Tensor words, int position);

}
