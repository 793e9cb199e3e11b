#pragma once

#include "examples/translate/metrics/metric_options.h"
#include "examples/translate/options/command.h"

namespace gradus::translate {

/// What the command line says about metrics.
Options metric_options(MetricOptions& options);

}
