#pragma once

#include <initializer_list>
#include <span>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// A list that is passed to a function: `{a, b}`, a vector, an array, a span, or a single value. It owns nothing, so it
/// is for parameters only.
template <class T>
struct List : std::span<const T> {
  using std::span<const T>::span;
  List(std::span<const T> values) : std::span<const T>(values) {}
  List(std::initializer_list<T> values) : std::span<const T>(values.begin(), values.size()) {}
  List(const T& value) : std::span<const T>(&value, 1) {}
};

}
