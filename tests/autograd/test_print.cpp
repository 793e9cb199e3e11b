#include <doctest/doctest.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>
#include <vector>

#include "autograd/inspect/print.h"
#include "autograd/tape.h"

using namespace gradus;

namespace {

std::string text(const Shape& shape, std::vector<Real> values) {
  return fmt::format("{}", ConstArray{values.data(), shape});
}

std::string counted(const Shape& shape) {
  std::vector<Real> values(shape.size());
  std::iota(values.begin(), values.end(), Real(0));
  return text(shape, values);
}

}

TEST_SUITE("print") {
  TEST_CASE("a scalar, a vector and a matrix") {
    CHECK(text({}, {0.5}) == "() 0.5");
    CHECK(text({1}, {-3}) == "(1) [-3]");
    CHECK(text({3}, {1, 2, 3}) == "(3) [1 2 3]");
    CHECK(text({2, 3}, {1, 2.5, 3, -4, 0, 6.25}) ==
          "(2, 3)\n"
          "[[ 1     2.5   3   ]\n"
          " [-4     0     6.25]]");
    CHECK(text({1, 1}, {7}) == "(1, 1) [[7]]");
  }

  TEST_CASE("four significant digits, and all before the point") {
    const auto third = static_cast<Real>(1.0 / 3);
    CHECK(text({3}, {third, 100 * third, -12345}) == "(3) [     0.3333     33.33   -12345     ]");
    CHECK(text({2}, {Real(0.99996), 2}) == "(2) [1 2]");
    CHECK(text({2}, {Real(1234.56), Real(0.25)}) == "(2) [1235       0.25]");
    const std::vector<Real> values = {third, 2};
    CHECK(fmt::format("{:.2}", ConstArray{values.data(), {2}}) == "(2) [0.33 2   ]");
    CHECK(fmt::format("{:.6}", ConstArray{values.data(), {2}}) == "(2) [0.333333 2       ]");
    CHECK_THROWS_AS(fmt::format(fmt::runtime("{:.0}"), ConstArray{values.data(), {2}}), fmt::format_error);
    CHECK_THROWS_AS(fmt::format(fmt::runtime("{:x}"), ConstArray{values.data(), {2}}), fmt::format_error);
  }

  TEST_CASE("large and small numbers have a common power of ten, those far apart each their own") {
    CHECK(text({2}, {Real(1.5e-8), Real(-2e-8)}) == "(2) 1e-08 × [ 1.5 -2  ]");
    CHECK(text({2, 1}, {Real(2.5e7), 0}) == "(2, 1) 1e+07 ×\n[[2.5]\n [0  ]]");
    CHECK(text({}, {Real(1e30)}) == "() 1e+30 × 1");
    CHECK(text({3}, {Real(1.5e-8), 2, 0}) == "(3) [1.500e-08 2.000e+00 0        ]");
    CHECK(text({2}, {100000, 1}) == "(2) [100000      1]");
    CHECK(text({2}, {100000, Real(0.5)}) == "(2) [1.000e+05 5.000e-01]");
    CHECK(text({2}, {Real(0.0001), Real(-0.0002)}) == "(2) [ 0.0001 -0.0002]");
    if (sizeof(Real) == 8) {
      CHECK(text({2}, {static_cast<Real>(5e-324), 0}).starts_with("(2) [4.941e-324 0"));
      CHECK(text({1}, {std::numeric_limits<Real>::max()}) == "(1) [1.798e+308]");
    } else {
      CHECK(text({1}, {std::numeric_limits<Real>::max()}) == "(1) 1e+38 × [3.403]");
    }
  }

  TEST_CASE("nan, inf and -0 keep to their column") {
    const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
    CHECK(text({2, 2}, {nan, Real(1.25), -inf, -0.0}) == "(2, 2)\n[[  nan  1.25]\n [ -inf -0   ]]");
    CHECK(text({2}, {-nan, 1}) == "(2) [nan   1]");
    CHECK(text({2}, {inf, -inf}) == "(2) [ inf -inf]");
    CHECK(text({}, {nan}) == "() nan");
    CHECK(text({3}, {0, 0, 0}) == "(3) [0 0 0]");
  }

  TEST_CASE("empty tensors, and more axes") {
    CHECK(text({0}, {}) == "(0) []");
    CHECK(text({0, 3}, {}) == "(0, 3) []");
    CHECK(text({2, 0, 1}, {}) == "(2, 0, 1) []");
    CHECK(counted({2, 2, 2}) == "(2, 2, 2)\n[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]");
    CHECK(counted({1, 2, 1, 2}) == "(1, 2, 1, 2)\n[[[[0 1]]\n\n  [[2 3]]]]");
  }

  TEST_CASE("long axes are cut in the middle") {
    CHECK(counted({10}) == "(10) [0 1 2 3 4 5 6 7 8 9]");
    CHECK(counted({11}) == "(11) [ 0  1  2 …  8  9 10]");
    CHECK(counted({12, 1}) == "(12, 1)\n[[ 0]\n [ 1]\n [ 2]\n …\n [ 9]\n [10]\n [11]]");
    CHECK(counted({100, 100}).starts_with("(100, 100)\n[[   0    1    2 …   97   98   99]\n"));
    const std::string large = counted({9, 9, 9});  // more than a screen: these axes, too
    CHECK(large.starts_with("(9, 9, 9)\n[[[  0   1   2 …   6   7   8]\n"));
    CHECK(std::count(large.begin(), large.end(), '\n') < 60);
    std::vector<Real> values(20, 1);
    values[10] = 12345;  // what is not shown has no part in the width
    CHECK(text({20}, values) == "(20) [1 1 1 … 1 1 1]");
    CHECK(to_string(ConstArray{values.data(), {4, 5}}, {.longest = 2, .edge = 1}) == "(4, 5)\n[[1 … 1]\n …\n [1 … 1]]");
  }

  TEST_CASE("tensors and arrays, and what is no longer there") {
    Tensor gone;
    {
      Tape tape;
      Tensor x = variable({2}, {1, -2});
      CHECK(fmt::format("x is {}", x) == "x is (2) [ 1 -2]");
      CHECK(fmt::format("{:.1} {}", x, x.value()) == "(2) [ 1 -2] (2) [ 1 -2]");
      CHECK(fmt::format("{}", std::as_const(x).value()) == to_string(x));
      CHECK(fmt::format("{}", x.grad()) == "(2) [0 0]");
      std::ostringstream stream;
      stream << x << ", " << x.value() << ", " << x.grad();
      CHECK(stream.str() == "(2) [ 1 -2], (2) [ 1 -2], (2) [0 0]");
      gone = x;
    }
    const char* const ended = "tensor: used after its tape ended; read what you need before the Tape goes out of scope";
    CHECK_THROWS_WITH_AS(fmt::format("{}", gone), ended, Error);
    CHECK_THROWS_WITH_AS(to_string(gone), ended, Error);
    CHECK_THROWS_WITH_AS(print(gone), ended, Error);
    CHECK_THROWS_WITH_AS(fmt::format("{}", Tensor()), "tensor: empty handle; assign it the result of an op before use",
                         Error);
  }
}
