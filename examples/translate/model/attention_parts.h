#pragma once

#include <memory>
#include <string>

#include "examples/translate/config/model_config.h"
#include "nn/attention.h"

namespace gradus::translate {

/// The attention that the configuration describes, for queries and states of `ModelConfig::hidden` numbers, as a child
/// of `parent`.
std::unique_ptr<Attention> make_attention(Module* parent, const std::string& name, const ModelConfig& config);

}
