#include "examples/translate/search/sampling.h"

#include <algorithm>
#include <cmath>

#include "examples/translate/base/word_ids.h"
#include "nn/rng.h"

namespace gradus::translate {

namespace {

struct Weighted {
  int word;
  double weight;  // not normalised
};

/// softmax(scores / temperature) of the allowed words, up to a factor.
std::vector<Weighted> allowed_weights(std::span<const Real> scores, const AllowedWords& allowed, double temperature) {
  std::vector<Weighted> result;
  double largest = -INFINITY;
  for (int word = 0; word < static_cast<int>(scores.size()); ++word) {
    if (!allowed(word)) continue;
    const auto score = static_cast<double>(scores[word]);
    result.push_back({word, score});
    largest = std::max(largest, score);
  }
  for (Weighted& word : result) word.weight = std::exp((word.weight - largest) / temperature);
  return result;
}

/// Heavier first; equal weights in the order of the vocabulary, so that the same words are cut everywhere.
bool heavier(const Weighted& a, const Weighted& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.word < b.word;
}

double sum(const std::vector<Weighted>& words) {
  double total = 0;
  for (const Weighted& word : words) total += word.weight;
  return total;
}

void keep_top_k(std::vector<Weighted>& words, int k) {
  if (static_cast<int>(words.size()) <= k) return;
  std::nth_element(words.begin(), words.begin() + k - 1, words.end(), heavier);
  words.resize(k);
}

/// The heaviest words, up to and with the one that brings their share of the total to p.
void keep_top_p(std::vector<Weighted>& words, double p) {
  const double wanted = p * sum(words);
  std::sort(words.begin(), words.end(), heavier);
  double kept = 0;
  std::size_t count = 0;
  while (count < words.size() && (count == 0 || kept < wanted)) kept += words[count++].weight;
  words.resize(count);
}

/// A translation that is being drawn.
struct Draw {
  int sentence = 0;  // in the batch
  LengthLimits limits;
  std::uint64_t seed = 0;
  Hypothesis open;
};

class SamplingSearch {
 public:
  SamplingSearch(std::span<const Member> members, std::span<const std::uint64_t> lines, std::span<const int> chosen,
                 const SearchOptions& options)
      : options_(options), decoder_(members, chosen) {
    for (int i = 0; i < static_cast<int>(chosen.size()); ++i) {
      lengths_.push_back(static_cast<int>(members[0].sources[chosen[i]].size()));
      const std::uint64_t seed = derive_seed(options.sampling.seed, lines[chosen[i]]);
      for (int k = 0; k < options.n_best; ++k) {
        draws_.push_back({i, length_limits(options, lengths_.back() - 1), derive_seed(seed, k), {}});
      }
    }
  }

  std::vector<NBest> run() {
    std::vector<NBest> result(lengths_.size());
    decoder_.keep(sentences());
    while (!draws_.empty()) advance(result);
    for (NBest& drawn : result) {
      std::stable_sort(drawn.begin(), drawn.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    }
    return result;
  }

 private:
  /// The sentence that each row of the decoder is about.
  std::vector<int> sentences() const {
    std::vector<int> result;
    for (const Draw& draw : draws_) result.push_back(draw.sentence);
    return result;
  }

  /// One step of the decoder and one more word of every draw; those that end go to the result.
  void advance(std::vector<NBest>& result) {
    std::vector<int> previous;
    for (const Draw& draw : draws_) previous.push_back(draw.open.words.empty() ? kBegin : draw.open.words.back());
    const WordScores scores = decoder_.step(sentences(), previous);
    std::vector<Draw> next;
    std::vector<int> rows;
    for (int row = 0; row < static_cast<int>(draws_.size()); ++row) {
      Draw& draw = draws_[row];
      if (extend(draw, row, scores)) {
        draw.open.score = final_score(options_, draw.open, lengths_[draw.sentence]);
        result[draw.sentence].push_back(std::move(draw.open));
      } else {
        rows.push_back(row);
        next.push_back(std::move(draw));
      }
    }
    decoder_.keep(rows);
    draws_ = std::move(next);
  }

  /// Draws the next word; true if that is </s>.
  bool extend(Draw& draw, int row_number, const WordScores& scores) const {
    Hypothesis& open = draw.open;
    const WordScores::Row& row = scores.row(row_number);
    const AllowedWords allowed(options_, draw.limits, open.words);
    const double uniform = Rng(derive_seed(draw.seed, open.words.size())).uniform();
    const int word =
        sample_word({row.scores, static_cast<std::size_t>(scores.words())}, allowed, options_.sampling, uniform);
    open.log_probability += row.log_probability(row.scores[word]);
    if (options_.needs_attention()) decoder_.append_attention(row_number, draw.sentence, open.attention);
    if (options_.delays) decoder_.append_delay(row_number, draw.sentence, open.delays);
    if (word != kEnd) open.words.push_back(word);
    return word == kEnd;
  }

  const SearchOptions& options_;
  StepDecoder decoder_;
  std::vector<int> lengths_;  // of the sources
  std::vector<Draw> draws_;   // those that have not ended
};

}

int sample_word(std::span<const Real> scores, const AllowedWords& allowed, const SamplingOptions& options,
                double uniform) {
  std::vector<Weighted> words = allowed_weights(scores, allowed, options.temperature);
  if (options.top_k > 0) keep_top_k(words, options.top_k);
  if (options.top_p < 1) keep_top_p(words, options.top_p);
  if (words.empty()) return kEnd;
  double left = uniform * sum(words);
  for (const Weighted& word : words) {
    left -= word.weight;
    if (left < 0) return word.word;
  }
  return std::max_element(words.begin(), words.end(), [](const auto& a, const auto& b) { return heavier(b, a); })->word;
}

std::vector<NBest> sample(std::span<const Member> members, std::span<const std::uint64_t> lines,
                          std::span<const int> chosen, const SearchOptions& options) {
  return SamplingSearch(members, lines, chosen, options).run();
}

}
