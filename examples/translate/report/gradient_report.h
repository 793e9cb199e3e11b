#pragma once

#include <string>
#include <vector>

#include "examples/translate/training/training_log.h"

/// What a training's log tells of the gradients of the model's modules (training/module_norms.h), before clipping.

namespace gradus::translate {

/// Sentences that name the modules whose gradient vanishes or explodes; none if all is well, or if the log has no norms
/// of modules.
///
/// - It vanishes in a module if its norm is below 1/10000 of the largest module's at more than half of the updates. The
///   attention of the preset rnnsearch, whose scores begin with zeros, is there for the first tenth of an epoch only.
/// - It explodes in a module if its norm ever was more than 1000 times that of the whole gradient at the first update.
///   In trainings that went well it was up to 64 times that (rnnsearch), with absurd learning rates 10⁴ to 10¹⁰ times.
/// - It was too large from the start if clipping leaves less than 1/100 of it at more than half of the updates. To be
///   cut at all is no sign: the papers' recipes, whose loss is of a sentence, are cut to 1/20 at nearly all of them.
///
/// What is said of more than half of the updates is said once there are 50 of them. `clip` is the configuration's.
std::vector<std::string> gradient_findings(const TrainingHistory& history, double clip);

/// The part of an HTML page about them: those sentences, a chart of all norms over the updates, and a table of norms at
/// the beginning and the end, beside those of the weights. Nothing for a log without norms of modules.
std::string gradients_html(const TrainingHistory& history, double clip);

}
