#pragma once

#include <cstdint>
#include <span>

#include "examples/translate/config/model_config.h"
#include "nn/module.h"

namespace gradus::translate {

/// Gives a model the values with which its training begins, as `ModelConfig::initial_values` says. `words` is the
/// parameter that holds the word vectors of the decoder. Norms keep theirs, with which they change nothing.
///
/// Those of Bahdanau et al. 2014, section B.1: orthogonal recurrent matrices, of each gate; W_a and U_a from
/// N(0, 0.001²); V_a and the biases 0, so that at first attention is uniform; all others from N(0, 0.01²).
void set_initial_values(std::span<Parameter* const> parameters, const Parameter& words, const ModelConfig& config,
                        std::uint64_t seed);

}
