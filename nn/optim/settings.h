#pragma once

#include <cmath>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// Throws, naming who has the setting and which it is, unless it is a finite number of 0 or more.
inline void require_not_negative(const char* owner, const char* option, double value) {
  if (!(value >= 0 && std::isfinite(value))) fail("{}: bad {}: {}; need 0 or more", owner, option, value);
}

}
}
