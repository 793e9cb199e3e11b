#include "examples/translate/bleu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "autograd/error.h"
#include "examples/translate/unicode.h"

namespace gradus::translate {

namespace {

using Ngram = std::span<const std::string>;

struct NgramLess {
  bool operator()(Ngram a, Ngram b) const { return std::ranges::lexicographical_compare(a, b); }
};
using NgramCounts = std::map<Ngram, int64_t, NgramLess>;

/// The n-grams of `words` and how often each occurs. The keys point into `words`.
NgramCounts count_ngrams(std::span<const std::string> words, size_t n) {
  NgramCounts counts;
  for (size_t i = 0; i + n <= words.size(); ++i) ++counts[words.subspan(i, n)];
  return counts;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point_or_comma(char c) { return c == '.' || c == ','; }

/// ASCII punctuation but for the apostrophe, the comma, the dash and the point.
bool is_always_separate(char c) {
  return (c >= '!' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

std::string separate_punctuation(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (is_always_separate(c)) {
      out += {' ', c, ' '};
    } else {
      out += c;
    }
  }
  return out;
}

/// Puts `between` into every pair of neighbours that `matches`, from left to right; a pair uses both its characters up.
template <typename Matches>
std::string split_pairs(std::string_view line, Matches matches, std::string_view before, std::string_view between,
                        std::string_view after) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (i + 1 < line.size() && matches(line[i], line[i + 1])) {
      out.append(before).append(1, line[i]).append(between).append(1, line[i + 1]).append(after);
      ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

/// The rules work on bytes: a byte of a longer UTF-8 sequence counts as "no digit", just as the whole character would.
std::string tokenize_13a(std::string_view line) {
  std::string text(line);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");

  text = separate_punctuation(' ' + text + ' ');
  // A point or comma stays only between two digits.
  text = split_pairs(
      text, [](char a, char b) { return !is_digit(a) && is_point_or_comma(b); }, "", " ", " ");
  text = split_pairs(
      text, [](char a, char b) { return is_point_or_comma(a) && !is_digit(b); }, " ", " ", "");
  return split_pairs(
      text, [](char a, char b) { return is_digit(a) && b == '-'; }, "", " ", " ");
}

std::vector<std::string> segment_words(std::string_view line, const BleuOptions& options) {
  return options.lowercase ? bleu_words(lower_case(line), options.tokenizer) : bleu_words(line, options.tokenizer);
}

/// The length nearest to that of the hypothesis, the smaller of two equally near.
int64_t closest_length(int64_t length, const std::vector<std::vector<std::string>>& references) {
  const auto distance = [&](const auto& words) {
    const auto size = static_cast<int64_t>(words.size());
    return std::pair(std::abs(size - length), size);
  };
  return distance(*std::ranges::min_element(references, {}, distance)).second;
}

}

std::vector<std::string> bleu_words(std::string_view line, BleuTokenizer tokenizer) {
  const std::string text =
      tokenizer == BleuTokenizer::k13a ? tokenize_13a(without_trailing_space(line)) : std::string(line);
  const std::vector<std::string_view> words = split_words(text);
  return {words.begin(), words.end()};
}

void BleuCounts::add(std::string_view hypothesis, std::span<const std::string> references) {
  if (references.empty()) fail("bleu: a segment has no reference; need one or more");
  const std::vector<std::string> words = segment_words(hypothesis, options_);
  std::vector<std::vector<std::string>> reference_words;
  for (const std::string& reference : references) reference_words.push_back(segment_words(reference, options_));

  const auto length = static_cast<int64_t>(words.size());
  system_length_ += length;
  reference_length_ += closest_length(length, reference_words);
  for (size_t n = 1; n <= BleuScore::kMaxOrder; ++n) {
    NgramCounts allowed;  // the most that any one reference has
    for (const auto& reference : reference_words) {
      for (const auto& [ngram, count] : count_ngrams(reference, n)) {
        allowed[ngram] = std::max(allowed[ngram], count);
      }
    }
    for (const auto& [ngram, count] : count_ngrams(words, n)) {
      const auto found = allowed.find(ngram);
      totals_[n - 1] += count;
      if (found != allowed.end()) matches_[n - 1] += std::min(count, found->second);
    }
  }
}

BleuScore BleuCounts::score() const {
  BleuScore result;
  result.system_length = system_length_;
  result.reference_length = reference_length_;
  result.brevity_penalty = 1;
  if (system_length_ < reference_length_) {
    const double ratio = static_cast<double>(reference_length_) / static_cast<double>(system_length_);
    result.brevity_penalty = system_length_ > 0 ? std::exp(1 - ratio) : 0;
  }
  if (std::ranges::all_of(matches_, [](int64_t matches) { return matches == 0; })) return result;

  double smoothing = 1, log_sum = 0;
  for (size_t n = 0; n < BleuScore::kMaxOrder; ++n) {
    if (totals_[n] == 0) return result;  // no hypothesis is long enough for this order: the score is 0
    double matches = static_cast<double>(matches_[n]);
    if (matches_[n] == 0) matches = 1 / (smoothing *= 2);
    result.precisions[n] = 100 * matches / static_cast<double>(totals_[n]);
    log_sum += std::log(result.precisions[n]);
  }
  result.score = result.brevity_penalty * std::exp(log_sum / BleuScore::kMaxOrder);
  return result;
}

std::string BleuScore::summary() const {
  return fmt::format("BLEU {:.2f} {:.1f}/{:.1f}/{:.1f}/{:.1f} (brevity penalty {:.3f}, {} words, reference {})", score,
                     precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty, system_length,
                     reference_length);
}

BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                      BleuOptions options) {
  if (hypotheses.size() != references.size()) {
    fail("bleu: {} hypotheses for {} references; need one reference a hypothesis", hypotheses.size(),
         references.size());
  }
  BleuCounts counts(options);
  for (size_t i = 0; i < hypotheses.size(); ++i) counts.add(hypotheses[i], references.subspan(i, 1));
  return counts.score();
}

}
