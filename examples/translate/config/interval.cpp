#include "examples/translate/config/interval.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"

namespace gradus::translate {

namespace {

constexpr std::string_view kOff = "off";
constexpr double kLargestCount = 1e9;

struct UnitName {
  std::string_view names;
  IntervalUnit unit;
  double factor;
};
constexpr UnitName kUnits[] = {
    {"steps step", IntervalUnit::Steps, 1},
    {"min minutes minute mins", IntervalUnit::Minutes, 1},
    {"epochs epoch", IntervalUnit::Epochs, 1},
    {"h hours hour", IntervalUnit::Minutes, 60},
    {"s sec seconds second", IntervalUnit::Minutes, 1.0 / 60},
};

}

std::string Interval::text() const {
  if (!is_on()) return std::string(kOff);
  std::string name = name_of(unit);
  if (count == 1 && name.ends_with('s')) name.pop_back();
  return fmt::format("{}{}", count, name);
}

Interval read_interval(std::string_view text) {
  if (text == kOff) return {};
  const auto refuse = [&] {
    fail("\"{}\" is no interval; need a number of steps, minutes or epochs, such as 500steps, 10min or 2epochs, or off",
         text);
  };
  Interval interval;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, interval.count);
  if (error != std::errc() || !(interval.count > 0 && interval.count <= kLargestCount)) refuse();
  std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (!unit.empty()) {
    const auto* const found = std::ranges::find_if(
        kUnits, [&](const UnitName& name) { return std::ranges::count(split_at(' ', name.names), unit) > 0; });
    if (found == std::end(kUnits)) refuse();
    interval = {interval.count * found->factor, found->unit};
  }
  const bool counts = interval.unit != IntervalUnit::Minutes;
  if (counts && interval.count != std::floor(interval.count)) refuse();
  return interval;
}

bool has_passed(const Interval& interval, const Moment& since, const Moment& now) {
  if (!interval.is_on() || now.step == since.step) return false;
  switch (interval.unit) {
    case IntervalUnit::Steps:
      return static_cast<double>(now.step - since.step) >= interval.count;
    case IntervalUnit::Minutes:
      return now.seconds - since.seconds >= 60 * interval.count;
    case IntervalUnit::Epochs:
      break;
  }
  return now.ends_epoch && now.epochs % static_cast<int>(interval.count) == 0;
}

}
