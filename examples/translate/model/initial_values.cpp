#include "examples/translate/model/initial_values.h"

#include <cmath>

#include "nn/init.h"

namespace gradus::translate {

namespace {

bool mentions(const Parameter& parameter, const char* part) { return parameter.name().find(part) != std::string::npos; }

/// Each gate's square block by itself.   (gates · H, H)
Init orthogonal_gates() {
  return [](Array values, Rng& rng) {
    const int H = values.cols();
    for (int gate = 0; gate < values.rows() / H; ++gate) {
      init::orthogonal()(Array{values.row(static_cast<std::size_t>(gate) * H), {H, H}}, rng);
    }
  };
}

Init bahdanau(const Parameter& parameter) {
  if (mentions(parameter, "weight_hh") || mentions(parameter, "weight_hn")) return orthogonal_gates();
  if (mentions(parameter, "attention.score")) return init::zeros();
  return init::normal(0, mentions(parameter, ".attention.") ? 0.001 : 0.01);
}

/// Gehring et al. 2017, section 3.5: N(0, p / n) for n inputs that dropout keeps with probability p, and as gates take
/// half of the spread, 4 times the variance before them; tables from N(0, embedding_deviation²), 0.1 in the paper.
Init gehring(const Parameter& parameter, bool is_table, const ModelConfig& config) {
  if (is_table) return init::normal(0, config.embedding_deviation);
  const bool is_gated = mentions(parameter, "convolutions.");
  const double kept = is_gated ? 1 - config.layer_dropout : 1;
  return init::normal(0, std::sqrt((is_gated ? 4 : 1) * kept / parameter.shape()[1]));
}

Init xavier(const Parameter& parameter, const Parameter& words, const ModelConfig& config) {
  const bool is_table = &parameter == &words || mentions(parameter, "embedding");
  if (config.architecture == Architecture::Convolution)
    return gehring(parameter, is_table, config.with_dropout_rates());
  const double scale =
      config.architecture == Architecture::Transformer ? std::sqrt(static_cast<double>(config.embedding)) : 1;
  return is_table ? init::normal(0, config.embedding_deviation / scale) : init::xavier_uniform();
}

Init rule_of(const Parameter& parameter, const Parameter& words, const ModelConfig& config) {
  if (config.initial_values == InitialValues::Luong) return init::uniform(-0.1, 0.1);
  if (parameter.shape().rank() < 2) return init::zeros();
  return config.initial_values == InitialValues::Bahdanau ? bahdanau(parameter) : xavier(parameter, words, config);
}

}

void set_initial_values(std::span<Parameter* const> parameters, const Parameter& words, const ModelConfig& config,
                        std::uint64_t seed) {
  Rng rng(seed);
  for (Parameter* parameter : parameters) {
    const bool has_own = mentions(*parameter, "norm") || mentions(*parameter, "stop_offset");
    if (!has_own) rule_of(*parameter, words, config)(parameter->value(), rng);
  }
}

}
