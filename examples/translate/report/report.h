#pragma once

#include <span>
#include <string>

#include "examples/translate/config/config.h"
#include "examples/translate/report/heatmap.h"
#include "examples/translate/training/training_log.h"

namespace gradus::translate {

/// One self-contained HTML page about a training: what came of it, curves of loss, BLEU, learning rate and gradient
/// norm, also of each module, how the translations of some sentences changed, the heat maps, and the configuration.
std::string report_html(const std::string& name, const TrainConfig& config, const TrainingHistory& history,
                        std::span<const Heatmap> heatmaps);

}
