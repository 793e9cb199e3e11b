#include "examples/translate/metrics/chrf.h"

#include <fmt/core.h>

#include "autograd/error.h"
#include "examples/translate/metrics/ngrams.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

bool is_ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// The words between spaces, with one punctuation mark split off each: the last, or else the first.
std::vector<std::string> words_and_punctuation(std::string_view line) {
  std::vector<std::string> words;
  for (const std::string_view word : split_words(line)) {
    if (word.size() > 1 && is_ascii_punctuation(word.back())) {
      words.emplace_back(word.substr(0, word.size() - 1));
      words.emplace_back(word.substr(word.size() - 1));
    } else if (word.size() > 1 && is_ascii_punctuation(word.front())) {
      words.emplace_back(word.substr(0, 1));
      words.emplace_back(word.substr(1));
    } else {
      words.emplace_back(word);
    }
  }
  return words;
}

std::u32string characters(std::string_view line, bool whitespace) {
  std::u32string all = code_points(line);
  if (!whitespace) std::erase_if(all, is_space);
  return all;
}

/// A line as chrF counts it. `ngrams` holds views into the other two, so it stays where it is.
struct CountedLine {
  CountedLine(std::string_view line, const ChrfOptions& options, WordNumbers& numbers)
      : symbols(characters(line, options.whitespace)), words(numbers(words_and_punctuation(line))) {
    for (size_t n = 1; n <= options.char_order; ++n) ngrams.push_back(sorted_ngrams(symbols, n));
    for (size_t n = 1; n <= options.word_order; ++n) ngrams.push_back(sorted_ngrams(words, n));
  }
  CountedLine(const CountedLine&) = delete;
  CountedLine& operator=(const CountedLine&) = delete;

  std::u32string symbols, words;
  std::vector<Ngrams> ngrams;  // by order
};

std::vector<double> compare(const CountedLine& hypothesis, const CountedLine& reference) {
  std::vector<double> statistics;
  for (size_t i = 0; i < hypothesis.ngrams.size(); ++i) {
    const Ngrams &ours = hypothesis.ngrams[i], &theirs = reference.ngrams[i];
    statistics.push_back(theirs.empty() ? 0 : static_cast<double>(ours.size()));
    statistics.push_back(static_cast<double>(theirs.size()));
    statistics.push_back(static_cast<double>(count_common(ours, theirs)));
  }
  return statistics;
}

/// F = (1 + β²) P R / (β² P + R), 0 to 1.
double f_score(double precision, double recall, double beta) {
  const double factor = beta * beta, sum = factor * precision + recall;
  return sum > 0 ? (1 + factor) * precision * recall / sum : 0;
}

}

Chrf::Chrf(ChrfOptions options) : options_(options) {
  if (options_.char_order + options_.word_order == 0) fail("chrF: no order of characters or words; need at least one");
  if (options_.beta == 0) fail("chrF: beta is 0; need at least 1");
}

std::string Chrf::name() const { return fmt::format("chrF{}{}", options_.beta, std::string(options_.word_order, '+')); }

std::string Chrf::settings() const {
  return fmt::format("case:{}|eff:{}|nc:{}|nw:{}|space:{}", options_.lowercase ? "lc" : "mixed",
                     options_.epsilon ? "no" : "yes", options_.char_order, options_.word_order,
                     options_.whitespace ? "yes" : "no");
}

std::vector<double> Chrf::statistics(std::string_view hypothesis, std::span<const std::string> references) const {
  const auto cased = [&](std::string_view line) { return options_.lowercase ? lower_case(line) : std::string(line); };
  WordNumbers numbers;
  const CountedLine counted(cased(hypothesis), options_, numbers);
  std::vector<double> best;
  double best_score = -1;
  for (const std::string& reference : references) {
    std::vector<double> statistics = compare(counted, CountedLine(cased(reference), options_, numbers));
    const double new_score = score(statistics);
    if (new_score <= best_score) continue;
    best_score = new_score;
    best = std::move(statistics);
  }
  return best;
}

double Chrf::score(std::span<const double> sums) const {
  constexpr double kEpsilon = 1e-16;
  const auto beta = static_cast<double>(options_.beta);
  double f_sum = 0, precision_sum = 0, recall_sum = 0;
  int orders = 0;
  for (size_t i = 0; i < sums.size(); i += 3) {
    const double ours = sums[i], theirs = sums[i + 1], matches = sums[i + 2];
    const double precision = ours > 0 ? matches / ours : kEpsilon, recall = theirs > 0 ? matches / theirs : kEpsilon;
    f_sum += precision + recall > 0 ? f_score(precision, recall, beta) : kEpsilon;
    if (ours == 0 || theirs == 0) continue;
    precision_sum += precision;
    recall_sum += recall;
    ++orders;
  }
  if (options_.epsilon) return 100 * f_sum / static_cast<double>(options_.char_order + options_.word_order);
  return orders > 0 ? 100 * f_score(precision_sum / orders, recall_sum / orders, beta) : 0;
}

std::string Chrf::summary(std::span<const double> sums) const { return fmt::format("{} {:.2f}", name(), score(sums)); }

std::vector<std::pair<std::string, double>> Chrf::components(std::span<const double> sums) const {
  std::vector<std::pair<std::string, double>> components;
  for (size_t i = 0; 3 * i < sums.size(); ++i) {
    const bool of_characters = i < options_.char_order;
    const std::string name =
        fmt::format("{}_{}", of_characters ? "character" : "word", 1 + i - (of_characters ? 0 : options_.char_order));
    const double ours = sums[3 * i], theirs = sums[3 * i + 1], matches = sums[3 * i + 2];
    components.emplace_back("precision_" + name, ours > 0 ? 100 * matches / ours : 0);
    components.emplace_back("recall_" + name, theirs > 0 ? 100 * matches / theirs : 0);
  }
  return components;
}

}
