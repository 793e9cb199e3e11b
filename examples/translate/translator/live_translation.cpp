#include "examples/translate/translator/live_translation.h"

#include <algorithm>

#include "examples/translate/base/word_ids.h"

namespace gradus::translate {

namespace {

SearchOptions options_for(SearchOptions options, const Translator& translator) {
  options.max_length = options.longest(translator.config.max_length);
  return options;
}

}

LiveTranslation::LiveTranslation(Translator& translator, const SearchOptions& options)
    : translator_(translator), search_(translator.model, options_for(options, translator)) {}

std::string LiveTranslation::read(std::string_view text) {
  const std::size_t blank = text.find_last_of(" \t");
  if (blank == std::string_view::npos) {
    rest_ += text;
    return {};
  }
  std::vector<int> ids = translator_.source.encode(rest_ + std::string(text.substr(0, blank)));
  rest_ = text.substr(blank + 1);
  ids.pop_back();  // </s>, which has not come yet
  has_word_ |= !ids.empty();
  return decided(search_.read(ids));
}

std::string LiveTranslation::finish() {
  const std::vector<int> ids = translator_.source.encode(rest_);
  has_word_ |= ids.size() > 1;
  return has_word_ ? decided(search_.read(ids)) : "";
}

/// The text of the words that were decided, but for what was returned already, and for a last word that may go on.
std::string LiveTranslation::decided(const std::vector<int>& more) {
  words_.insert(words_.end(), more.begin(), more.end());
  std::string text = translator_.target.text(words_);
  const bool is_open = translator_.target.tokenizer->goes_on() && !search_.ended();
  if (is_open) text.resize(text.find_last_of(' ') == std::string::npos ? 0 : text.find_last_of(' '));
  const std::size_t begin = std::min(written_, text.size());
  written_ = std::max(written_, text.size());
  return text.substr(begin);
}

}
