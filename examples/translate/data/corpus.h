#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "examples/translate/config/config.h"
#include "examples/translate/model/batch.h"
#include "examples/translate/text/text.h"
#include "examples/translate/toy/toy.h"
#include "examples/translate/translator/translator.h"

namespace gradus::translate {

/// The toy language as every training on it sees it: its splits do not depend on the configuration.
ToyCorpus toy_corpus();
/// Lines for readers; with join_words for `display` French words all stand apart, as the alignments count them.
ParallelText toy_text(const std::vector<ToyPair>& split,
                      std::string (*display)(const std::vector<std::string>&) = toy_display);

/// What a training reads.
struct CorpusText {
  ParallelText train, valid;
};

/// The text that the configuration names, or the toy language. Pairs with an empty side are left out. Throws Error for
/// files that cannot be read, are not UTF-8 or differ in their numbers of lines, and if nothing is left.
CorpusText load_text(const TrainConfig& config);

/// The same as a translator's numbers.
struct Corpus {
  std::vector<Pair> train, valid;
  ParallelText valid_text;
  size_t empty = 0;     ///< pairs left out because a side had no word
  size_t too_long = 0;  ///< training pairs left out because a side had more than `max_length` words or subwords
};

/// Throws Error if every training pair is too long.
Corpus encode_corpus(CorpusText text, const Translator& translator);

/// A number that tells one text from another, by all words and their order.
std::uint64_t fingerprint(const std::vector<Pair>& train, const std::vector<Pair>& valid);

}
