#include "examples/translate/metrics/ter.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "examples/translate/base/join_words.h"
#include "examples/translate/metrics/edit_distance.h"
#include "examples/translate/metrics/ngrams.h"

namespace gradus::translate {

namespace {

constexpr size_t kMaxShiftWords = 10, kMaxShiftDistance = 50, kMaxCandidates = 1000;

/// The words from `start` to `end` of a hypothesis, to be moved in front of word `target`.
struct Shift {
  size_t start, end, target;

  std::u32string apply(std::u32string words) const {
    const auto at = [&](size_t i) { return words.begin() + static_cast<ptrdiff_t>(i); };
    if (target < start) {
      std::rotate(at(target), at(start), at(end));
    } else if (target > end) {
      std::rotate(at(start), at(end), at(target));
    } else {  // a target among the moved words: Tercom moves them so many words on
      std::rotate(at(start), at(end), at(std::min(end + target - start, words.size())));
    }
    return words;
  }
};

/// Words of a hypothesis that are equal to words of the reference.
struct Match {
  size_t hypothesis, reference, length;
};

/// Calls `use` for every match of 1 to 10 words that are not too far from each other, until it returns false.
template <typename Use>
void for_each_match(std::u32string_view hypothesis, std::u32string_view reference, Use use) {
  for (size_t h = 0; h < hypothesis.size(); ++h) {
    const size_t first = h > kMaxShiftDistance ? h - kMaxShiftDistance : 0;
    const size_t end = std::min(reference.size(), h + kMaxShiftDistance + 1);
    for (size_t r = first; r < end; ++r) {
      const size_t longest = std::min({kMaxShiftWords, hypothesis.size() - h, reference.size() - r});
      for (size_t n = 1; n <= longest && hypothesis[h + n - 1] == reference[r + n - 1]; ++n) {
        if (!use(Match{h, r, n})) return;
      }
    }
  }
}

/// One step of the greedy search: finds the shift that saves most edits.
class ShiftSearch {
 public:
  ShiftSearch(EditDistance& distance, std::u32string_view words, std::u32string_view reference, size_t& candidates)
      : distance_(distance),
        words_(words),
        candidates_(candidates),
        cost_(distance(words)),
        alignment_(distance.alignment()) {
    for_each_match(words, reference, [&](const Match& match) {
      if (is_worth_trying(match)) try_targets(match);
      return candidates_ < kMaxCandidates;
    });
  }

  /// Whether there is a shift that saves an edit.
  bool found() const { return std::get<0>(best_) > 0; }
  const std::u32string& shifted() const { return shifted_; }

 private:
  /// Edits saved, then words moved, then how early they come, then how early the target comes: more is better.
  using Rank = std::tuple<ptrdiff_t, size_t, ptrdiff_t, ptrdiff_t>;

  /// Neither may all the words be right where they are, nor those of the reference have been found, nor may the target
  /// lie among the words.
  bool is_worth_trying(const Match& match) const {
    const auto any = [&](const std::vector<bool>& errors, size_t first) {
      const auto begin = errors.begin() + static_cast<ptrdiff_t>(first);
      return std::find(begin, begin + static_cast<ptrdiff_t>(match.length), true) !=
             begin + static_cast<ptrdiff_t>(match.length);
    };
    const ptrdiff_t target = alignment_.position[match.reference], start = static_cast<ptrdiff_t>(match.hypothesis);
    const bool inside = start <= target && target < start + static_cast<ptrdiff_t>(match.length);
    return any(alignment_.hypothesis_error, match.hypothesis) && any(alignment_.reference_error, match.reference) &&
           !inside;
  }

  /// Tries the place after the counterpart of the word before the match, and after those of its words but the last.
  void try_targets(const Match& match) {
    ptrdiff_t last = -1;
    for (size_t i = 0; i <= match.length; ++i) {
      const size_t before = match.reference + i;  // one more than the word whose counterpart comes before
      const ptrdiff_t target = before == 0 ? 0 : alignment_.position[before - 1] + 1;
      if (target != last) try_shift({match.hypothesis, match.hypothesis + match.length, static_cast<size_t>(target)});
      last = target;
    }
  }

  void try_shift(const Shift& shift) {
    ++candidates_;
    std::u32string words = shift.apply(std::u32string(words_));
    const Rank rank{static_cast<ptrdiff_t>(cost_) - static_cast<ptrdiff_t>(distance_(words)), shift.end - shift.start,
                    -static_cast<ptrdiff_t>(shift.start), -static_cast<ptrdiff_t>(shift.target)};
    if (!shifted_.empty() && rank <= best_) return;
    best_ = rank;
    shifted_ = std::move(words);
  }

  EditDistance& distance_;
  std::u32string_view words_;
  size_t& candidates_;  // tried so far, in all steps
  size_t cost_;
  WordAlignment alignment_;
  Rank best_{};
  std::u32string shifted_;  // by the best shift, empty if there is none
};

}

size_t translation_edits(std::u32string hypothesis, std::u32string_view reference) {
  if (reference.empty()) return hypothesis.size();
  EditDistance distance(reference, hypothesis.size());
  size_t shifts = 0;
  for (size_t candidates = 0;;) {
    const ShiftSearch search(distance, hypothesis, reference, candidates);
    if (candidates >= kMaxCandidates || !search.found()) break;  // as Tercom, which gives up without the last shift
    hypothesis = search.shifted();
    ++shifts;
  }
  return shifts + distance(hypothesis);
}

std::string Ter::settings() const {
  const auto yes_no = [](bool value) { return value ? "yes" : "no"; };
  return fmt::format("case:{}|tok:tercom|norm:{}|punct:{}|asian:{}", options_.case_sensitive ? "mixed" : "lc",
                     yes_no(options_.normalized), yes_no(!options_.no_punct), yes_no(options_.asian_support));
}

std::vector<double> Ter::statistics(std::string_view hypothesis, std::span<const std::string> references) const {
  WordNumbers numbers;
  const std::u32string words = numbers(tokenize_tercom(hypothesis, options_));
  size_t fewest = static_cast<size_t>(-1), reference_words = 0;
  for (const std::string& line : references) {
    // Twice, as sacreBLEU does it: normalising "it's." takes off the point first and the 's only then.
    const std::u32string reference = numbers(tokenize_tercom(join_words(tokenize_tercom(line, options_)), options_));
    fewest = std::min(fewest, translation_edits(words, reference));
    reference_words += reference.size();
  }
  return {static_cast<double>(fewest), static_cast<double>(reference_words) / static_cast<double>(references.size())};
}

double Ter::score(std::span<const double> sums) const {
  const double edits = sums[0], reference_words = sums[1];
  if (reference_words > 0) return 100 * (edits / reference_words);
  return edits > 0 ? 100 : 0;
}

std::string Ter::summary(std::span<const double> sums) const {
  return fmt::format("TER {:.2f} ({:.0f} edits, {:.1f} reference words)", score(sums), sums[0], sums[1]);
}

std::vector<std::pair<std::string, double>> Ter::components(std::span<const double> sums) const {
  return {{"edits", sums[0]}, {"reference_words", sums[1]}};
}

}
