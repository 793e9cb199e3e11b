#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "examples/translate/base/pairs.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/config/config.h"
#include "examples/translate/data/token_file.h"
#include "examples/translate/text/elision.h"
#include "examples/translate/text/language.h"
#include "examples/translate/text/text.h"
#include "examples/translate/toy/toy.h"

namespace gradus::translate {

/// The toy language as every training on it sees it: its splits do not depend on the configuration.
ToyCorpus toy_corpus();
/// Lines for readers; with a WhitespaceTokenizer French words all stand apart, as the alignments count them.
ParallelText toy_text(const std::vector<ToyPair>& split, const TextTokenizer& french = ElisionTokenizer());

/// Throws Error for a text file that is not there, which ends with `advice`, and for a path that is not UTF-8, which
/// config.json cannot hold.
void require_files(TrainConfig config, const std::string& advice = {});
/// Makes the paths of the text files absolute, so that the configuration names them from any folder.
void make_paths_absolute(TrainConfig& config);

/// What a training reads. The text to learn from is not held.
struct CorpusText {
  TextStream train;
  ParallelText valid;
  std::size_t copies = 0;  ///< pairs left out because they are held out for validation elsewhere in the text
};

/// How many of so many pairs are held out for validation if nobody says: a tenth, but no more than 1000, and one at
/// least.
std::size_t default_hold_out(std::size_t pairs);

/// Takes `count` pairs out of a text, evenly from all its parts. Other pairs that are equal to one of these are left
/// out, so that what validates has not been learned; `CorpusText::copies` counts them.
CorpusText hold_out(const TextStream& text, std::size_t count);

/// The text that the configuration names, or the toy language. Pairs with an empty side are left out. Without
/// validation text, `hold_out` pairs of the training text become it. Throws Error for files that cannot be read, are
/// not UTF-8 or differ in their numbers of lines, and if nothing is left.
CorpusText load_text(const TrainConfig& config);

/// The text as word numbers. Those of the pairs to learn from lie in a mapped file.
struct Corpus {
  std::shared_ptr<const TokenFile> tokens;
  Pairs train;  ///< of `tokens`
  std::vector<Pair> valid;
  ParallelText valid_text;
  size_t empty = 0;     ///< pairs left out because a side had no word
  size_t copies = 0;    ///< pairs left out because they are held out for validation
  size_t too_long = 0;  ///< training pairs left out because a side had more than `max_length` words or subwords
};

/// The text in the words of these languages. Its words go to the file at `tokens`, or stay there if it was made from
/// the same text, languages and settings before; without a path, to an unnamed file. Throws Error if every training
/// pair is too long, or if something that is no file of tokens stands at the path.
Corpus encode_corpus(const CorpusText& text, const Languages& languages, const TrainConfig& config,
                     const std::string& tokens = {}, Progress* progress = nullptr);

/// A number that tells one text from another, by all words and their order.
std::uint64_t fingerprint(Pairs train, Pairs valid);

}
