#pragma once

#include "examples/translate/commands/command_line.h"
#include "examples/translate/metrics/metric_options.h"

namespace gradus::translate {

/// What the command line says about metrics.
Options metric_options(MetricOptions& options);

}
