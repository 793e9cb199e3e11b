#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// A link of an alignment: word `target` of a translation was made of word `source`. Both count from 0.
struct Link {
  int source, target;
  auto operator<=>(const Link&) const = default;  // NOLINT(modernize-use-nullptr): false alarm
};

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
