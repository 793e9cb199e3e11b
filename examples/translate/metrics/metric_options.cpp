#include "examples/translate/metrics/metric_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "examples/translate/base/usage_error.h"
#include "examples/translate/metrics/ter.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

std::unique_ptr<Metric> make_metric(const std::string& name, const MetricOptions& options, bool of_sentences) {
  if (name == "ter") return std::make_unique<Ter>(options.ter);
  if (name == "chrf") {
    ChrfOptions chrf = options.chrf;
    chrf.lowercase = options.lowercase;
    return std::make_unique<Chrf>(chrf);
  }
  return std::make_unique<Bleu>(BleuOptions{
      .tokenizer = options.tokenizer,
      .lowercase = options.lowercase,
      .smoothing = options.smoothing,
      .smoothing_value = options.smoothing_value,
      .max_order = options.max_order,
      .effective_order = of_sentences,
  });
}

}

std::vector<std::unique_ptr<Metric>> make_metrics(const MetricOptions& options, bool of_sentences) {
  if (options.smoothing_value && options.smoothing != Smoothing::kFloor && options.smoothing != Smoothing::kAddK)
    throw UsageError(
        fmt::format("--smooth-value: --smooth {} takes no value; floor and add-k do", name_of(options.smoothing)));
  if (options.smoothing_value && !(*options.smoothing_value > 0))
    throw UsageError(fmt::format("--smooth-value: {} is too small; need more than 0", *options.smoothing_value));
  if (options.chrf.char_order + options.chrf.word_order == 0)
    throw UsageError("--char-order: 0 leaves nothing to count; need at least 1, or --word-order 1");
  require_distinct("--metrics", options.metrics);
  std::vector<std::unique_ptr<Metric>> metrics;
  for (const std::string& name : options.metrics) metrics.push_back(make_metric(name, options, of_sentences));
  return metrics;
}

void warn_if_lower_case(const MetricOptions& options, const std::vector<std::string>& translations,
                        const References& references, const std::string& name) {
  const bool sees_case = std::ranges::any_of(options.metrics, [&](const std::string& metric) {
    return metric == "ter" ? options.ter.case_sensitive : !options.lowercase;
  });
  if (!sees_case || std::ranges::any_of(translations, has_capital)) return;
  const auto cased = std::ranges::count_if(references, [](const auto& all) { return has_capital(all.front()); });
  if (cased == 0) return;
  fmt::print(stderr,
             "gradus: {}: the translations are all in lower case, and {} of {} references have capitals, which they "
             "cannot match; --lowercase compares without regard to case\n",
             name, cased, references.size());
}

void warn_if_tokenized(const MetricOptions& options, const std::vector<std::string>& lines, const std::string& name) {
  constexpr std::ptrdiff_t kSuspicious = 100;
  const bool splits = options.tokenizer == Tokenizer::k13a || options.tokenizer == Tokenizer::kIntl;
  if (!splits || std::ranges::find(options.metrics, "bleu") == options.metrics.end()) return;
  const auto tokenized = std::ranges::count_if(lines, [](const std::string& line) { return line.ends_with(" ."); });
  if (tokenized < kSuspicious) return;
  fmt::print(stderr,
             "gradus: {}: {} lines end in \" .\" and look tokenised; BLEU is meant for plain text, and --tokenize none "
             "takes words as they stand\n",
             name, tokenized);
}

}
