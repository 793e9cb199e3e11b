#pragma once

#include <fmt/core.h>

#include <iosfwd>
#include <string>
#include <string_view>

#include "autograd/tensor.h"

/// Tensors as text, for people: `print(x)`, or in any text of fmt's, `fmt::print("x is {}\n", x)`, or `std::cout << x`.
///
///     (2, 3)                   the shape
///     [[ 1     2.5   3   ]     points below each other
///      [-4     0     6.25]]
///
/// A single row stands in one line: `() 0.5`, `(3) [1 2 3]`, `(1, 2) [[1 2]]`. Numbers have up to four digits, or as
/// many as
/// `{:.6}` asks for; digits before the point are all there. Where all are very large or very small, a common power of
/// ten stands in front: `(2) 1e-08 × [1.5 -2]`; where they are far apart, each has its own: `(2) [1.5e-08 2.0e+00]`. An
/// axis longer than 10 is cut to its first and last three.

namespace gradus::inline GRADUS_PRECISION {

/// How much of a tensor is written.
struct PrintOptions {
  int digits = 4;    ///< significant ones
  int longest = 10;  ///< axes of more positions are cut in the middle …
  int edge = 3;      ///< … to so many at both ends
};

/// The array as text.
std::string to_string(const ConstArray& array, const PrintOptions& options = {});
/// The tensor's value. Throws if its tape has ended.
std::string to_string(const Tensor& tensor, const PrintOptions& options = {});

/// Writes it to the standard output, with the name in front, if it gets one: `print("dx", x.grad())`.
void print(const ConstArray& array);
void print(const Tensor& tensor);
void print(std::string_view name, const ConstArray& array);
void print(std::string_view name, const Tensor& tensor);

/// Writes it to a stream.
std::ostream& operator<<(std::ostream& stream, const ConstArray& array);
std::ostream& operator<<(std::ostream& stream, const Tensor& tensor);

}

template <>
struct fmt::formatter<gradus::ConstArray> {
  /// Nothing, or a point and how many digits, from 1 to 17. What is returned for anything else makes fmt complain.
  constexpr auto parse(fmt::format_parse_context& context) {
    auto place = context.begin();
    if (place == context.end() || *place != '.') return place;
    int count = 0;
    while (++place != context.end() && *place >= '0' && *place <= '9' && count < 100) count = 10 * count + *place - '0';
    if (count < 1 || count > 17) return context.begin();
    digits = count;
    return place;
  }
  fmt::appender format(const gradus::ConstArray& array, fmt::format_context& context) const;

  int digits = gradus::PrintOptions().digits;
};

template <>
struct fmt::formatter<gradus::Array> : fmt::formatter<gradus::ConstArray> {};

template <>
struct fmt::formatter<gradus::Tensor> : fmt::formatter<gradus::ConstArray> {
  fmt::appender format(const gradus::Tensor& tensor, fmt::format_context& context) const;
};
