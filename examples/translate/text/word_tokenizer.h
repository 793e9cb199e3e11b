#pragma once

#include "examples/translate/text/tokenizer.h"

namespace gradus::translate {

/// Splits punctuation and symbols off words, for raw text in languages that write spaces between words.
///
/// Letters, marks and digits that stand together are a word. Inside a word stay apostrophes, hyphens and the like
/// (`don't`, `T-Shirt`, `3-4`), and between digits also `. , : /` (`1,234.56`, `10:30`). Web and e-mail addresses are
/// one piece. Any other punctuation mark or symbol is a piece, and so is a run of the same one (`...`).
///
/// A piece of punctuation that touches its neighbour carries the mark U+FFED on that side, so that joining knows where
/// no space was: `Ja (gut).` becomes `Ja`, `(￭`, `gut`, `￭)`, `￭.`. Words never carry it: `gut` is the same word
/// everywhere. A U+FFED of the text itself is written `&#xFFED;`.
class WordTokenizer : public TextTokenizer {
 public:
  std::vector<std::string> split(std::string_view line) const override;
  std::string join(const std::vector<std::string>& pieces) const override;
};

}
