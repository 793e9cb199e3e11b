#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/batch.h"
#include "examples/translate/config.h"
#include "examples/translate/toy.h"
#include "examples/translate/vocabulary.h"

namespace gradus::translate {

/// The words of a line: what stands between white space, in lower case if the configuration says so.
std::vector<std::string> words_of(std::string_view line, const TrainConfig& config);

/// Sentence pairs as words.
struct WordPairs {
  std::vector<std::vector<std::string>> source, target;
  size_t empty = 0;     ///< pairs left out because a side had no word
  size_t too_long = 0;  ///< pairs left out because a side had more words than allowed

  size_t size() const { return source.size(); }
  /// The pairs as word numbers.
  std::vector<Pair> encode(const Vocabulary& source_words, const Vocabulary& target_words) const;
};

/// The toy language as every training on it sees it: its splits do not depend on the configuration.
ToyCorpus toy_corpus();
WordPairs toy_pairs(const std::vector<ToyPair>& split);

/// What a training reads.
struct Corpus {
  WordPairs train, valid;
};

/// The text that the configuration names, or the toy language. Pairs with an empty side are left out, and pairs longer
/// than `max_length` out of the training text. Throws Error for files that cannot be read, are not UTF-8 or differ in
/// their numbers of lines, and if nothing is left.
Corpus load_corpus(const TrainConfig& config);

/// Two files to compare a model's translations with.
WordPairs load_pairs(const std::vector<std::string>& files, const TrainConfig& config);

}
