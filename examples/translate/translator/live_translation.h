#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/search/live_search.h"
#include "examples/translate/translator/translator.h"

namespace gradus::translate {

/// A line that is translated while it is being written. Its text may come in pieces of any length; a word of it is read
/// once a blank or a tab follows. What is translated comes in whole words, each as soon as it is decided, or, where
/// pieces are put together to words, as soon as it is sure that no further one belongs to it. In the end it is the line
/// that `translate_lines` makes with a beam of one.
class LiveTranslation {
 public:
  /// The translator must be frozen. Throws for one whose model has to see the whole line.
  LiveTranslation(Translator& translator, const SearchOptions& options);

  /// Reads more of the line. Returns what is now known of the translation and was not before.
  std::string read(std::string_view text);
  /// Whether the translation has come to its end, whatever may still be read.
  bool ended() const { return search_.ended(); }
  /// Reads what is left, and the end of the line. Returns the rest of the translation.
  std::string finish();

 private:
  std::string decided(const std::vector<int>& more);

  Translator& translator_;
  LiveSearch search_;
  std::string rest_;         // the beginning of a word
  bool has_word_ = false;    // whether the line has one
  std::vector<int> words_;   // decided
  std::size_t written_ = 0;  // bytes of the translation that were returned
};

}
