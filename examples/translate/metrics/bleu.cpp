#include "examples/translate/metrics/bleu.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/metrics/ngrams.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

/// The value of a smoothing to which the user gave none; 0 for one that takes none.
double default_value(Smoothing smoothing) {
  if (smoothing == Smoothing::kFloor) return 0.1;
  return smoothing == Smoothing::kAddK ? 1 : 0;
}

/// The length nearest to that of the hypothesis, the smaller of two equally near.
size_t closest_length(size_t length, const std::vector<std::u32string>& references) {
  const auto distance = [&](const std::u32string& words) {
    const size_t size = words.size();
    return std::pair(size > length ? size - length : length - size, size);
  };
  return distance(*std::ranges::min_element(references, {}, distance)).second;
}

/// The n-grams that a hypothesis may have, each as often as any one reference has it.
Ngrams allowed_ngrams(const std::vector<std::u32string>& references, size_t n) {
  Ngrams allowed;
  for (const std::u32string& words : references) allowed = merge(allowed, sorted_ngrams(words, n));
  return allowed;
}

double brevity_penalty(double system_length, double reference_length) {
  if (system_length >= reference_length) return 1;
  return system_length > 0 ? std::exp(1 - reference_length / system_length) : 0;
}

}

Bleu::Bleu(BleuOptions options) : options_(options) {
  const double value = default_value(options_.smoothing);
  if (options_.max_order == 0) fail("BLEU: the highest order of n-grams is 0; need at least 1");
  if (!options_.smoothing_value)
    options_.smoothing_value = value;
  else if (value == 0)
    fail("BLEU: smoothing {} takes no value; floor and add-k do", name_of(options_.smoothing));
  else if (!(*options_.smoothing_value > 0))
    fail("BLEU: the smoothing value is {}; need more than 0", *options_.smoothing_value);
}

std::string Bleu::settings() const {
  const bool has_value = default_value(options_.smoothing) > 0;
  return fmt::format("case:{}|eff:{}|tok:{}|smooth:{}{}{}", options_.lowercase ? "lc" : "mixed",
                     options_.effective_order ? "yes" : "no", name_of(options_.tokenizer), name_of(options_.smoothing),
                     has_value ? fmt::format("[{:.2f}]", *options_.smoothing_value) : "",
                     options_.max_order != BleuOptions().max_order ? fmt::format("|order:{}", options_.max_order) : "");
}

std::vector<std::string> Bleu::words(std::string_view line) const {
  return options_.lowercase ? tokenize(lower_case(line), options_.tokenizer) : tokenize(line, options_.tokenizer);
}

std::vector<double> Bleu::statistics(std::string_view hypothesis, std::span<const std::string> references) const {
  WordNumbers numbers;
  const std::u32string system_words = numbers(words(hypothesis));
  std::vector<std::u32string> reference_words;
  for (const std::string& reference : references) reference_words.push_back(numbers(words(reference)));

  std::vector<double> statistics(width());
  statistics[0] = static_cast<double>(system_words.size());
  statistics[1] = static_cast<double>(closest_length(system_words.size(), reference_words));
  for (size_t n = 1; n <= options_.max_order; ++n) {
    const Ngrams ngrams = sorted_ngrams(system_words, n);
    statistics[1 + n] = static_cast<double>(count_common(ngrams, allowed_ngrams(reference_words, n)));
    statistics[1 + options_.max_order + n] = static_cast<double>(ngrams.size());
  }
  return statistics;
}

BleuScore Bleu::details(std::span<const double> sums) const {
  const std::span<const double> all_matches = sums.subspan(2, options_.max_order);
  const std::span<const double> all_totals = sums.subspan(2 + options_.max_order, options_.max_order);
  BleuScore result;
  result.system_length = static_cast<int64_t>(sums[0]);
  result.reference_length = static_cast<int64_t>(sums[1]);
  result.brevity_penalty = brevity_penalty(sums[0], sums[1]);
  result.precisions.assign(options_.max_order, 0);
  if (std::ranges::all_of(all_matches, [](double matches) { return matches == 0; })) return result;

  double halving = 1, log_sum = 0;
  size_t order = 0;
  while (order < options_.max_order) {
    const double added = options_.smoothing == Smoothing::kAddK && order > 0 ? *options_.smoothing_value : 0;
    double matches = all_matches[order] + added;
    const double total = all_totals[order] + added;
    if (total == 0) break;
    if (matches == 0 && options_.smoothing == Smoothing::kExp) matches = 1 / (halving *= 2);
    if (matches == 0 && options_.smoothing == Smoothing::kFloor) matches = *options_.smoothing_value;
    result.precisions[order] = 100 * matches / total;
    log_sum += std::log(result.precisions[order]);
    ++order;
  }
  // A geometric mean: an order without n-grams, or without a match, makes it 0.
  if (order < options_.max_order && !options_.effective_order) return result;
  result.score = result.brevity_penalty * std::exp(log_sum / static_cast<double>(order));
  return result;
}

std::vector<std::pair<std::string, double>> Bleu::components(std::span<const double> sums) const {
  const BleuScore score = details(sums);
  std::vector<std::pair<std::string, double>> components = {
      {"brevity_penalty", score.brevity_penalty}, {"system_length", sums[0]}, {"reference_length", sums[1]}};
  for (size_t n = 1; n <= options_.max_order; ++n) {
    components.emplace_back(fmt::format("precision_{}", n), score.precisions[n - 1]);
  }
  return components;
}

std::string BleuScore::summary() const {
  std::vector<std::string> shown;
  for (const double precision : precisions) shown.push_back(fmt::format("{:.1f}", precision));
  return fmt::format("BLEU {:.2f} {} (brevity penalty {:.3f}, {} words, reference {})", score, join_words(shown, "/"),
                     brevity_penalty, system_length, reference_length);
}

BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                      BleuOptions options) {
  const Bleu bleu(options);
  References segments;
  for (const std::string& reference : references) segments.push_back({reference});
  return bleu.details(corpus_statistics(bleu, hypotheses, segments).sums());
}

}
