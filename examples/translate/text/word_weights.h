#pragma once

#include <span>
#include <string>
#include <vector>

#include "autograd/real.h"
#include "examples/translate/text/alignment.h"
#include "examples/translate/text/tokenizer.h"

namespace gradus::translate {

/// For each of the pieces, the number of the word, between white space, of the line they make which it ends in; and
/// for </s>, which is one of its own, the number of words.
std::vector<int> words_of_pieces(const TextTokenizer& tokenizer, const std::vector<std::string>& pieces);

/// How much the words of a translation attend to those of its source, </s> on both sides last, from the attention of
/// the pieces that a model has them in.
class WordWeights {
 public:
  WordWeights(size_t target_words, size_t source_words);

  /// Adds the weights of pieces, one row each of the target's, to those of the words that they belong to.
  void add(std::span<const Real> attention, std::span<const int> target_words, std::span<const int> source_words);

  /// Each word with the one that it attends to most; none for those that look at </s>.
  std::vector<Link> most_attended() const { return translate::most_attended(weights_, columns_); }

 private:
  size_t columns_;
  std::vector<double> weights_;
};

}
