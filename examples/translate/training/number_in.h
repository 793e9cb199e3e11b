#pragma once

#include <cstdint>
#include <type_traits>

#include "autograd/error.h"
#include "examples/translate/base/number.h"
#include "nn/storage/json.h"

namespace gradus::translate {

/// The numbers that a training has, in its checkpoints and in its log.
inline constexpr Range kAnyNumber, kSteps{0, 1e15}, kEpochs{0, 1e9}, kSeconds{0, 1e12};

/// The number that a member of an object is. Throws Error naming the member if it is missing, is no number or is out of
/// the range: `batch: -5 is too small; need a whole number from 0 to 1000000000`.
template <class Number>
Number number_in(const Json& object, const char* name, const Range& range) {
  using Written = std::conditional_t<std::is_integral_v<Number>, std::uint64_t, double>;
  const Json* const json = object.find(name);
  if (json == nullptr) fail("{}: missing", name);
  try {
    if (json->is<std::uint64_t>() || json->is<double>()) {  // as nearly all are, without a text of it
      const double value = json->as<double>();
      const bool whole = json->is<std::uint64_t>() || !std::is_integral_v<Number>;
      if (whole && range.holds(value)) return static_cast<Number>(json->as<Written>());
    }
    return static_cast<Number>(read_number<Written>(json->written(), range));
  } catch (const Error& error) {
    fail("{}: {}", name, error.what());
  }
}

}
