#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// How a line becomes words: `k13a` splits off punctuation as NIST's mteval-v13a does, sacreBLEU's default; `kNone`
/// takes the words as they stand, for text that is tokenised already.
enum class BleuTokenizer { k13a, kNone };

struct BleuOptions {
  BleuTokenizer tokenizer = BleuTokenizer::k13a;
  bool lowercase = false;
};

struct BleuScore {
  static constexpr size_t kMaxOrder = 4;

  double score = 0;                            ///< 0 to 100
  std::array<double, kMaxOrder> precisions{};  ///< of the n-grams, n = 1 to 4, in per cent, smoothed
  double brevity_penalty = 0;                  ///< 0 to 1
  int64_t system_length = 0;                   ///< words in the hypotheses
  int64_t reference_length = 0;                ///< words in the references nearest in length

  /// `BLEU 36.61 68.2/43.9/29.8/20.1 (brevity penalty 0.981, 11870 words, reference 12103)`
  std::string summary() const;
};

/// The words of a line, split as `tokenizer` says.
std::vector<std::string> bleu_words(std::string_view line, BleuTokenizer tokenizer);

/// Gathers the counts of a corpus, a segment at a time. BLEU as in Papineni et al. (2002), "BLEU: a method for
/// automatic evaluation of machine translation", with clipped n-gram counts summed over the corpus; an order without a
/// match is smoothed exponentially (Chen and Cherry, 2014, method 3), as sacreBLEU does by default.
class BleuCounts {
 public:
  explicit BleuCounts(BleuOptions options = {}) : options_(options) {}

  /// Adds a segment with its references, one or more. Throws Error when there is none.
  void add(std::string_view hypothesis, std::span<const std::string> references);

  /// The score of the segments so far. Without any match it is 0, and the precisions are.
  BleuScore score() const;

 private:
  BleuOptions options_;
  std::array<int64_t, BleuScore::kMaxOrder> matches_{}, totals_{};
  int64_t system_length_ = 0, reference_length_ = 0;
};

/// The score of a corpus with one reference a segment. Throws Error when the two differ in length.
BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                      BleuOptions options = {});

}
