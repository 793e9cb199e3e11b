#include <doctest/doctest.h>
#include <fmt/core.h>

#include "autograd/error.h"
#include "examples/translate/config/interval.h"

using namespace gradus::translate;

TEST_CASE("an interval is a number of steps, minutes or epochs") {
  struct Case {
    const char* text;
    Interval interval;
    const char* written;
  };
  for (const Case& test :
       {Case{"500steps", {500, IntervalUnit::Steps}, "500steps"}, Case{"1", {1, IntervalUnit::Steps}, "1step"},
        Case{"10min", {10, IntervalUnit::Minutes}, "10min"},
        Case{"1.5 minutes", {1.5, IntervalUnit::Minutes}, "1.5min"}, Case{"2h", {120, IntervalUnit::Minutes}, "120min"},
        Case{"30s", {0.5, IntervalUnit::Minutes}, "0.5min"}, Case{"1 epoch", {1, IntervalUnit::Epochs}, "1epoch"},
        Case{"020epochs", {20, IntervalUnit::Epochs}, "20epochs"}, Case{"off", {}, "off"}}) {
    CAPTURE(test.text);
    CHECK(read_interval(test.text) == test.interval);
    CHECK(test.interval.text() == test.written);
    CHECK(read_interval(test.written) == test.interval);
  }
  for (const char* text : {"", " ", "0", "0min", "-1", "-1min", "1.5steps", "0.5epochs", "min", "5parsecs",
                           "5 steps or so", "5 min minutes", "nan", "inf", "1e10", "OFF", "+5", "1e300epochs"}) {
    CAPTURE(text);
    const std::string message = fmt::format(
        "\"{}\" is no interval; need a number of steps, minutes or epochs, such as 500steps, 10min or 2epochs, or off",
        text);
    CHECK_THROWS_WITH_AS(read_interval(text), message.c_str(), gradus::Error);
  }
}

TEST_CASE("an interval passes in its own unit") {
  const Moment since{.step = 10, .seconds = 100, .epochs = 1, .ends_epoch = true};
  const Interval steps{5, IntervalUnit::Steps}, minutes{2, IntervalUnit::Minutes}, epochs{2, IntervalUnit::Epochs};
  CHECK_FALSE(has_passed({}, since, {.step = 1'000'000, .seconds = 1e9, .epochs = 100, .ends_epoch = true}));
  CHECK_FALSE(has_passed(steps, since, {.step = 14, .seconds = 1e9, .epochs = 2, .ends_epoch = true}));
  CHECK(has_passed(steps, since, {.step = 15, .seconds = 100, .epochs = 1}));
  CHECK_FALSE(has_passed(minutes, since, {.step = 1000, .seconds = 219, .epochs = 2, .ends_epoch = true}));
  CHECK(has_passed(minutes, since, {.step = 11, .seconds = 220, .epochs = 1}));
  CHECK_FALSE(has_passed(minutes, since, {.step = 10, .seconds = 220, .epochs = 1}));
  CHECK_FALSE(has_passed(epochs, since, {.step = 1000, .seconds = 1e9, .epochs = 2}));
  CHECK_FALSE(has_passed(epochs, since, {.step = 1000, .seconds = 1e9, .epochs = 3, .ends_epoch = true}));
  CHECK(has_passed(epochs, since, {.step = 11, .seconds = 101, .epochs = 2, .ends_epoch = true}));
}
