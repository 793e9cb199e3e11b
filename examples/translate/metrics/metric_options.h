#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/translate/metrics/bleu.h"
#include "examples/translate/metrics/chrf.h"
#include "examples/translate/metrics/tokenizer.h"

namespace gradus::translate {

/// Which metrics there shall be, and how they count.
struct MetricOptions {
  std::vector<std::string> metrics = {"bleu"};  ///< bleu, chrf, ter
  Tokenizer tokenizer = Tokenizer::k13a;
  Smoothing smoothing = Smoothing::kExp;
  std::optional<double> smoothing_value = {};
  size_t max_order = 4;
  bool lowercase = false;  ///< for BLEU and chrF
  ChrfOptions chrf = {};
  TercomOptions ter = {};
  size_t bootstrap = 0;  ///< resamples for confidence intervals
  std::uint64_t seed = 12345;
};

/// The metrics in the order given. For single sentences BLEU leaves out the orders that they are too short for. Throws
/// UsageError for options that do not go together.
std::vector<std::unique_ptr<Metric>> make_metrics(const MetricOptions& options, bool of_sentences = false);

/// Says on standard error if the translations by the system named `name` are all in lower case, the references are not,
/// and a metric is about to compare them with regard to case.
void warn_if_lower_case(const MetricOptions& options, const std::vector<std::string>& translations,
                        const References& references, const std::string& name);

/// Says on standard error if the text named `name` looks tokenised and BLEU is about to tokenise it once more.
void warn_if_tokenized(const MetricOptions& options, const std::vector<std::string>& lines, const std::string& name);

}
