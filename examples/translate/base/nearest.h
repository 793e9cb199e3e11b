#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// The candidate that takes the fewest single-letter edits to become `word` (Levenshtein 1966), for "did you mean"
/// hints; empty if none comes near: more than a third of the word, and more than two letters, would have to change.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}
