// What most suites include, compiled once; they include it themselves all the same.
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
