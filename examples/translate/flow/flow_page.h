#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "examples/translate/flow/flow_summary.h"

namespace gradus::translate {

/// The files of this folder, as they were when Gradus was built.
namespace pages {
extern const std::string_view flow_css, flow_js;
}

/// A page for a browser that shows gradients through time: a heat map of each model for a sentence that the reader
/// chooses, all on one logarithmic scale of colours, curves by distance, and what `flow_findings` says. `about` is what
/// else it tells, as name and text.
std::string flow_page(std::span<const ModelFlow> models, const std::vector<std::pair<std::string, std::string>>& about);

}
