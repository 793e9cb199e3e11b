#include <doctest/doctest.h>

#include "autograd/error.h"
#include "examples/translate/report/spread.h"

using namespace gradus;
using namespace gradus::translate;

TEST_CASE("spread: mean and sample standard deviation") {
  const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};
  CHECK(spread(values).mean == doctest::Approx(5));
  CHECK(spread(values).deviation == doctest::Approx(2.1380899));  // sqrt(32 / 7)
  CHECK(spread(std::vector<double>{3, 3}).deviation == 0);
  CHECK_THROWS_WITH_AS(spread(std::vector<double>{3}), "spread: 1 numbers; need at least 2", Error);
}

TEST_CASE("spread: a table with stars at the best, which is the lowest of some measures") {
  const std::vector<Measure> measures = {
      {.name = "BLEU", .values = {30, 32}},
      {.name = "perplexity", .values = {5, 7}, .lower_is_better = true, .decimals = 3}};
  CHECK(spread_table({"a", "ä"}, measures) == R"(  model                BLEU   perplexity
  a                   30.00        5.000*
  ä                   32.00*       7.000
  mean                31.00        6.000
  standard deviation   1.41        1.414
  * the best
)");
  CHECK(spread_table({"a", "ä"}, measures, false) == R"(  model   BLEU   perplexity
  a      30.00        5.000*
  ä      32.00*       7.000
  * the best
)");
}
