#pragma once

#include <span>

namespace gradus::translate {

/// Code points from `first` to `last`.
struct CodeRange {
  char32_t first, last;
};

/// Every `step`-th code point from `first` to `last` is a capital; its small letter lies `distance` further on.
struct Capitals {
  char32_t first, last;
  unsigned step;
  int distance;
};

// Tables sorted by code point, written by make_unicode_tables.py.
extern const std::span<const CodeRange> kPunctuation;    ///< general category P
extern const std::span<const CodeRange> kSymbols;        ///< general category S
extern const std::span<const CodeRange> kNumbers;        ///< general category N
extern const std::span<const CodeRange> kCased;          ///< letters that have a case, but for the case-ignorable
extern const std::span<const CodeRange> kCaseIgnorable;  ///< what a word's case looks past: marks, apostrophes, ...
extern const std::span<const Capitals> kCapitals;        ///< but for U+0130, whose small letter takes two code points

}
