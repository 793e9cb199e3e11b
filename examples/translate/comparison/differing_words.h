#pragma once

#include <span>
#include <string>
#include <vector>

namespace gradus::translate {

/// A word of a translation, and whether it differs: another translation of the sentence has no such word in its place.
struct MarkedWord {
  std::string text;
  bool differs = false;
};

/// The words, between white space, of translations of one sentence. In its place is what the fewest edits leave there.
std::vector<std::vector<MarkedWord>> mark_differing_words(std::span<const std::string> translations);

}
