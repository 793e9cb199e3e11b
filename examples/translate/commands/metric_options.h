#pragma once

#include "examples/translate/metrics/metric_options.h"

namespace CLI {
class App;
}

namespace gradus::translate {

/// What the command line says about metrics.
void add_metric_options(CLI::App& command, MetricOptions& options);

}
