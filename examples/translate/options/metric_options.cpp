#include "examples/translate/options/metric_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "examples/translate/base/join_words.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/options/common_options.h"

namespace gradus::translate {

namespace {

constexpr int kMaxOrder = 100;
constexpr std::array kMetricNames{"bleu", "chrf", "ter"};

/// What is wrong with the name of a metric, empty if nothing is.
std::string is_metric_name(const std::string& name) {
  const std::vector<std::string> known(kMetricNames.begin(), kMetricNames.end());
  if (std::ranges::count(known, name) > 0) return "";
  const std::string similar = nearest(name, known);
  return fmt::format("\"{}\" is not one of {}{}", name, join_words(known, ", "),
                     similar.empty() ? "; files come before --metrics" : did_you_mean(similar));
}

Options bleu_options(MetricOptions& options) {
  constexpr const char* kGroup = "BLEU";
  return {
      {.names = "--tokenize",
       .target = &options.tokenizer,
       .help = "How BLEU splits lines into words. intl: for all scripts; none: at blanks, for text that is tokenised "
               "already",
       .group = kGroup},
      {.names = "--smooth",
       .target = &options.smoothing,
       .help = "What to do with n-grams of which none matches",
       .group = kGroup},
      {.names = "--smooth-value",
       .target = &options.smoothing_value,
       .type = "X",
       .help = "The value of --smooth floor (0.1) or add-k (1)",
       .group = kGroup,
       .range = {.low = 0, .above = true}},
      {.names = "--max-order",
       .target = &options.max_order,
       .type = "N",
       .help = "Count n-grams up to this length",
       .group = kGroup,
       .range = {1, kMaxOrder}},
  };
}

Options chrf_options(ChrfOptions& options) {
  constexpr const char* kGroup = "chrF";
  return {
      {.names = "--char-order",
       .target = &options.char_order,
       .type = "N",
       .help = "Count n-grams of characters up to this length",
       .group = kGroup,
       .range = {0, kMaxOrder}},
      {.names = "--word-order",
       .target = &options.word_order,
       .type = "N",
       .help = "And of words; 2 for chrF++",
       .group = kGroup,
       .range = {0, kMaxOrder}},
      {.names = "--beta",
       .target = &options.beta,
       .type = "N",
       .help = "How many times as much recall counts as precision",
       .group = kGroup,
       .range = {1, kMaxOrder}},
      {.names = "--whitespace", .target = &options.whitespace, .help = "Count white space too", .group = kGroup},
      {.names = "--epsilon",
       .target = &options.epsilon,
       .help = "Average over all orders, as chrF++.py does, not those present",
       .group = kGroup},
  };
}

Options ter_options(TercomOptions& options) {
  constexpr const char* kGroup = "TER";
  return {
      {.names = "--normalized", .target = &options.normalized, .help = "Split off punctuation", .group = kGroup},
      {.names = "--no-punct", .target = &options.no_punct, .help = "Leave out punctuation", .group = kGroup},
      {.names = "--asian-support",
       .target = &options.asian_support,
       .help = "With the two above: Chinese and Japanese too",
       .group = kGroup},
      {.names = "--case-sensitive",
       .target = &options.case_sensitive,
       .help = "Compare with regard to case",
       .group = kGroup},
  };
}

}

Options metric_options(MetricOptions& options) {
  const Options common = {
      {.names = "--metrics",
       .target = &options.metrics,
       .type = "NAME...",
       .help = "What to measure",
       .choices = kMetricNames,
       .complaint = is_metric_name,
       .count = {1, 3},
       .separator = ','},
      {.names = "--lowercase",
       .target = &options.lowercase,
       .help = "Compare without regard to case. TER does so by itself"},
      {.names = "--bootstrap",
       .target = &options.bootstrap,
       .type = "N",
       .help = "Resamples for 95 % confidence intervals, 1000 for example",
       .range = {0, 1'000'000}},
      {.names = "--seed",
       .target = &options.seed,
       .type = "N",
       .help = "Seed of the resamples. The same one gives the same numbers"},
  };
  return joined({common, bleu_options(options), chrf_options(options.chrf), ter_options(options.ter)});
}

}
