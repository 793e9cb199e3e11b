#include "examples/translate/base/number.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

/// The text as a message shows it: in quotes if it could be overlooked.
std::string shown(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \t\r\n\v\f") == std::string_view::npos;
  return plain || text.starts_with('"') ? std::string(text) : fmt::format("\"{}\"", text);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Number>
Number bound(double number) {
  constexpr Number kLeast = std::numeric_limits<Number>::lowest(), kMost = std::numeric_limits<Number>::max();
  if (number <= static_cast<double>(kLeast)) return kLeast;
  return number >= static_cast<double>(kMost) ? kMost : static_cast<Number>(number);
}

}

bool Range::holds(double number) const {
  return (number >= low && number <= high && !(above && number == low)) || number == besides;
}

template <class Number>
std::string range_text(const Range& range) {
  std::string text = std::is_integral_v<Number> ? "a whole number" : "a number";
  const bool has_high = std::is_integral_v<Number> || std::isfinite(range.high);
  if (std::is_integral_v<Number> || std::isfinite(range.low))
    text += fmt::format(" {} {}", range.above ? "above" : has_high ? "from" : "of at least", bound<Number>(range.low));
  if (has_high) text += fmt::format(" {} {}", range.above ? "and up to" : "to", bound<Number>(range.high));
  if (range.besides) text += fmt::format(", or {}", *range.besides);
  return text;
}

template <class Number>
Number read_number(std::string_view text, const Range& range) {
  const auto refuse = [&](const char* problem) {
    fail("{} is {}; need {}", shown(text), problem, range_text<Number>(range));
  };
  const bool negative = text.starts_with('-');
  const std::string_view digits = negative && std::is_unsigned_v<Number> ? text.substr(1) : text;
  const char* const end = digits.data() + digits.size();
  Number number{};
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  const bool is_number = stop == end && error != std::errc::invalid_argument && std::ranges::any_of(digits, is_digit);
  if (!is_number || number != number) refuse(std::is_integral_v<Number> ? "no whole number" : "no number");

  const bool beyond =
      error == std::errc::result_out_of_range || (negative && std::is_unsigned_v<Number> && number != 0);
  if (beyond) refuse(text.find('-') != std::string_view::npos ? "too small" : "too large");
  const auto value = static_cast<double>(number);
  if (!range.holds(value)) refuse(value <= range.low ? "too small" : "too large");
  return number;
}

std::string readable(double number, int decimals) {
  constexpr double kMostFixed = 1e6;
  return std::abs(number) < kMostFixed ? fmt::format("{:.{}f}", number, decimals) : fmt::format("{:.1e}", number);
}

template int read_number(std::string_view, const Range&);
template std::uint64_t read_number(std::string_view, const Range&);
template double read_number(std::string_view, const Range&);
template std::string range_text<int>(const Range&);
template std::string range_text<std::uint64_t>(const Range&);
template std::string range_text<double>(const Range&);

}
