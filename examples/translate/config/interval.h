#pragma once

#include <array>
#include <cstdint>
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
  std::string text() const;
  bool operator==(const Interval&) const = default;
};

/// The interval that the text is. A number alone counts steps; hours and seconds are understood, too. Throws Error for
/// any other text, and for an interval of no length or of more than a thousand million.
Interval read_interval(std::string_view text);

/// A point of a training.
struct Moment {
  std::uint64_t step = 0;
  double seconds = 0;
  int epochs = 0;  ///< that are complete
  bool ends_epoch = false;
};

/// Whether the interval, if it is on, has passed between two points; with no step between them nothing has. Epochs
/// count from the beginning of the training, and pass at their ends alone.
bool has_passed(const Interval& interval, const Moment& since, const Moment& now);

}
