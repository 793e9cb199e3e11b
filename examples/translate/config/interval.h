#pragma once

#include <array>
#include <string>
#include <string_view>

#include "examples/translate/base/choices.h"

namespace gradus::translate {

enum class IntervalUnit { Steps, Minutes, Epochs };
template <>
inline constexpr std::array kChoices<IntervalUnit>{"steps", "min", "epochs"};

/// How often something happens in a training: `500steps`, `10min`, `2epochs`, or `off`.
struct Interval {
  double count = 0;  ///< 0: off
  IntervalUnit unit = IntervalUnit::Steps;

  bool is_on() const { return count > 0; }
  /// Whether it is on and in this unit.
  bool is_in(IntervalUnit other) const { return is_on() && unit == other; }
  std::string text() const;
  bool operator==(const Interval&) const = default;
};

/// The interval that the text is. A number alone counts steps; hours and seconds are understood, too. Throws Error for
/// any other text, and for an interval of no length or of more than a thousand million.
Interval read_interval(std::string_view text);

}
