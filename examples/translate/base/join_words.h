#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// The words with one separator between each two.
std::string join_words(const std::vector<std::string>& words, std::string_view separator = " ");

}
