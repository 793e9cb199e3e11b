#pragma once

#include "examples/translate/config/model_config.h"
#include "nn/recurrent.h"

namespace gradus::translate {

/// Makes single steps of the recurrence that `ModelConfig::cell` and `ModelConfig::layer_norm` name.
CellStack::MakeCell cell_maker(const ModelConfig& config);

}
