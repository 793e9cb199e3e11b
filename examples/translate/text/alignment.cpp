#include "examples/translate/text/alignment.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

struct ParsedLink {
  Link link;
  bool sure;
};

std::optional<ParsedLink> parse_link(std::string_view word) {
  ParsedLink parsed{};
  const char *const begin = word.data(), *const end = begin + word.size();
  if (word.starts_with('-')) return {};  // from_chars takes a sign
  const auto [middle, no_source] = std::from_chars(begin, end, parsed.link.source);
  if (no_source != std::errc() || middle + 1 >= end || (*middle != '-' && *middle != '?') || middle[1] == '-')
    return {};
  parsed.sure = *middle == '-';
  const auto [stop, no_target] = std::from_chars(middle + 1, end, parsed.link.target);
  if (no_target != std::errc() || stop != end) return {};
  return parsed;
}

void sort_once(std::vector<Link>& links) {
  std::ranges::sort(links);
  links.erase(std::unique(links.begin(), links.end()), links.end());
}

}

std::string pharaoh(const std::vector<Link>& links) {
  std::vector<std::string> words;
  for (const Link& link : links) words.push_back(fmt::format("{}-{}", link.source, link.target));
  return join_words(words);
}

TrueAlignment parse_alignment(std::string_view line, const std::string& place) {
  TrueAlignment alignment;
  for (const std::string_view word : split_words(line)) {
    const std::optional<ParsedLink> parsed = parse_link(word);
    if (!parsed) fail("{}: '{}' is no link; need SOURCE-TARGET, or SOURCE?TARGET for a possible one", place, word);
    if (parsed->sure) alignment.sure.push_back(parsed->link);
    alignment.possible.push_back(parsed->link);
  }
  sort_once(alignment.sure);
  sort_once(alignment.possible);
  return alignment;
}

std::vector<TrueAlignment> read_alignments(const std::string& path) {
  const std::string text = read_file(path), name = input_name(path);
  std::vector<TrueAlignment> alignments;
  alignments.reserve(count_lines(text));
  for_each_line(text, name, [&](std::string_view line, size_t number) {
    alignments.push_back(parse_alignment(line, fmt::format("{}:{}", name, number)));
  });
  return alignments;
}

void require_within(const TrueAlignment& alignment, size_t source_words, size_t target_words,
                    const std::string& place) {
  for (const auto& [source, target] : alignment.possible) {
    if (static_cast<size_t>(source) >= source_words || static_cast<size_t>(target) >= target_words)
      fail("{}: link {}-{} is outside of a pair of {} and {} words; words count from 0", place, source, target,
           source_words, target_words);
  }
}

}
