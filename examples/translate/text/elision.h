#pragma once

#include "examples/translate/text/tokenizer.h"

namespace gradus::translate {

/// Cuts between white space, and after the apostrophe of an elided word: `l'homme n'a pas` is `l'` `homme` `n'` `a`
/// `pas`. Such words have at most two letters, as in French (`qu'`); `aujourd'hui` is one word. What is joined comes
/// back as it was.
class ElisionTokenizer : public TextTokenizer {
 public:
  std::vector<std::string> split(std::string_view line) const override;
  /// No space stands after an apostrophe.
  std::string join(const std::vector<std::string>& pieces) const override;
};

}
