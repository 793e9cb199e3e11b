#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "examples/translate/toy/pair.h"

/// A small English-French language whose translation is fully determined, for learning and testing a translator without
/// any data. It has what makes the pair interesting: word order (black cat / chat noir), one word against two (ate / a
/// mangé; to the / au) and two against one, agreement of articles, adjectives and participles in gender and number
/// across a relative clause, elision (l', n', j', d', qu'), the split negation ne ... pas and object pronouns before
/// the verb.
///
/// All words are in lower case and there is no punctuation. An elided word is a word of its own: `l'` `homme`.
/// English leaves some things open that French must say; here "you" is one friend, "they" is always "ils", and "i",
/// "you" and "we" are masculine.
namespace gradus::translate {

/// The sizes of the splits. More training sentences leave the other splits, and the first training sentences, the same.
struct ToySizes {
  size_t train = 25'000;
  size_t valid = 500;
  size_t test = 1'000;
  size_t test_long = 500;
};

struct ToyCorpus {
  std::vector<ToyPair> train, valid, test;
  std::vector<ToyPair> test_long;  ///< every sentence has more words, on both sides, than any of the other splits
};

/// English words in the sentences of `train`, `valid` and `test`, and in those of `test_long`.
inline constexpr size_t kToyMinLength = 3, kToyMaxLength = 12, kToyMaxLongLength = 24;

/// Splits without a common sentence, and without those of `toy_showcase`. The same on every machine for the same seed.
/// Throws Error when the language has not that many sentences (it has several millions).
ToyCorpus make_toy_corpus(uint64_t seed, const ToySizes& sizes = {});

/// A few sentences that show what the language has, first `the black cat ate the mouse`; they are in no split.
const std::vector<ToyPair>& toy_showcase();

}
