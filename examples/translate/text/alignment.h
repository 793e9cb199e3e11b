#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// A link of an alignment: word `target` of a translation was made of word `source`. Both count from 0.
struct Link {
  int source, target;
  auto operator<=>(const Link&) const = default;  // NOLINT(modernize-use-nullptr): false alarm
};

/// Each target word with the source word of the largest weight; none for those where that is </s>. `weights` is
/// row-major, one row a target word, of `columns` source words each; </s> is the last on both sides.
template <class Weights>
std::vector<Link> most_attended(const Weights& weights, size_t columns) {
  std::vector<Link> links;
  auto row = weights.begin();
  const size_t words = weights.size() / columns - 1;
  for (size_t t = 0; t < words; ++t, row += static_cast<std::ptrdiff_t>(columns)) {
    const auto s = std::max_element(row, row + static_cast<std::ptrdiff_t>(columns)) - row;
    if (s + 1 < static_cast<std::ptrdiff_t>(columns)) links.push_back({static_cast<int>(s), static_cast<int>(t)});
  }
  return links;
}

/// The links as the Pharaoh decoder writes them: `0-0 2-1`, source first.
std::string pharaoh(const std::vector<Link>& links);

/// What people know of a sentence pair: the links that they are sure of, and all those that are possible, sure ones
/// among them. Both are sorted, each link once.
struct TrueAlignment {
  std::vector<Link> sure, possible;
};

/// Reads a line of sure links `0-0` and possible ones `2?1`. Throws Error beginning with `place` for anything else.
TrueAlignment parse_alignment(std::string_view line, const std::string& place);

/// The alignments of a text, one a line. Throws Error as `read_lines`, and naming `file:line` for what is no link.
std::vector<TrueAlignment> read_alignments(const std::string& path);

/// Throws Error beginning with `place` for a link outside of a pair of that many words.
void require_within(const TrueAlignment& alignment, size_t source_words, size_t target_words, const std::string& place);

}
