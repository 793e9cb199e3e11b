#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

/// Numbers as people write them on command lines and in files, and as people like to read them.

namespace gradus::translate {

/// The numbers that make sense somewhere: from `low` to `high`, both included.
struct Range {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool above = false;                  ///< `low` itself makes no sense
  std::optional<double> besides = {};  ///< a number that makes sense too, with a meaning of its own

  bool holds(double number) const;
};

/// The number that the whole text is, in decimal digits with at most a minus before them; 010 is ten. An infinity is no
/// number. Throws Error for any other text, and for a number out of the range or beyond what a `Number` holds, which is
/// an int, a std::uint64_t or a double: `99 is too large; need a whole number from 1 to 64`.
template <class Number>
Number read_number(std::string_view text, const Range& range = {});

/// The number with so many decimals, or from a million on as a power of ten, 1.2e+130.
std::string readable(double number, int decimals);

/// What `read_number` takes: `a whole number from 1 to 64`.
template <class Number>
std::string range_text(const Range& range);

}
