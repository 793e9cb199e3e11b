#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// The words with one separator between each two.
std::string join_words(const std::vector<std::string>& words, std::string_view separator = " ");

/// `a, b or c`
std::string join_alternatives(const std::vector<std::string>& words);

/// The pieces of the text between separators; after one at its end there is none.
std::vector<std::string> split_at(char separator, std::string_view text);

}
