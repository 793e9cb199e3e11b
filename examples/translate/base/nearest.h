#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// The candidate that takes the fewest single-letter edits to become `word` (Levenshtein 1966), for "did you mean"
/// hints: no more than a third of the word, or two letters, or one of three. If none is as near, the shortest one that
/// begins with the word. Empty if there is none, or if the word has less than three letters.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// `; did you mean X?`; empty if there is no X.
std::string did_you_mean(std::string_view suggestion);

}
