#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "examples/translate/search/hypothesis.h"
#include "examples/translate/text/alignment.h"

namespace gradus::translate {

/// Each word of a hypothesis with the source word that it attended to most; none for those that looked at </s>.
/// The hypothesis must have its attention.
std::vector<Link> alignment(const Hypothesis& hypothesis);

/// What source words become when the model does not know their translation.
class Dictionary {
 public:
  /// Reads lines of a source word, a tab, and its translation, which may be several words. Lines without a word are
  /// skipped. Throws Error naming `file:line` for any other line, and for a word that stands there twice.
  static Dictionary load(const std::string& path);

  /// The translation of a word; the word itself if it has none.
  const std::string& translation(const std::string& word) const;

 private:
  std::unordered_map<std::string, std::string> translations_;
};

/// Replaces every <unk> among the words of a hypothesis by what the dictionary has for the source word that it attended
/// to most (Luong et al. 2015, "Addressing the rare word problem", section 3.3, with attention in the place of their
/// alignments; Jean et al. 2015, section 3.3). `target` are the
/// hypothesis's words.
void replace_unknown(std::vector<std::string>& target, const Hypothesis& hypothesis,
                     const std::vector<std::string>& source, const Dictionary& dictionary);

}
