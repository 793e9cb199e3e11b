#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/gemm/blas.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "tests/reference/broadcast.h"
#include "tests/reference/twins.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

/// Every number of matmul(a, b) by its definition, with vectors as matrices of one row or column.
std::vector<double> products(Tensor a, Tensor b, const Shape& c) {
  const int K = a.dim(-1), M = a.dim(-2), columns = b.dim(-1);
  std::vector<double> numbers(c.size());
  const Shape batch = c.without(-1).without(-1);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t matrix = i / (M * columns), m = i / columns % M, n = i % columns;
    const std::size_t in_a = reference::stretched_from(matrix, batch, a.shape().without(-1).without(-1));
    const std::size_t in_b = reference::stretched_from(matrix, batch, b.shape().without(-1).without(-1));
    for (int k = 0; k < K; ++k) {
      numbers[i] += double(a.value()[(in_a * M + m) * K + k]) * b.value()[(in_b * K + k) * columns + n];
    }
  }
  return numbers;
}

struct MatmulCase {
  Shape a, b, c;
};

const std::vector<MatmulCase> kMatmulCases = {
    {{2, 3}, {3, 4}, {2, 4}},
    {{5, 2, 3}, {3, 4}, {5, 2, 4}},
    {{2, 3}, {5, 3, 4}, {5, 2, 4}},
    {{5, 2, 3}, {5, 3, 4}, {5, 2, 4}},
    {{5, 1, 2, 3}, {4, 3, 2}, {5, 4, 2, 2}},
    {{2, 1, 3, 1, 2, 2}, {3, 1, 2, 2, 1}, {2, 3, 3, 2, 2, 1}},
    {{1, 2, 3}, {3, 4}, {1, 2, 4}},
    {{3}, {3}, {}},
    {{3}, {3, 4}, {4}},
    {{2, 3}, {3}, {2}},
    {{3}, {2, 3, 4}, {2, 4}},
    {{5, 2, 3}, {3}, {5, 2}},
    {{2, 0}, {0, 3}, {2, 3}},
    {{0, 2, 3}, {3, 4}, {0, 2, 4}},
    {{0, 2, 3}, {1, 3, 4}, {0, 2, 4}},
    {{2, 2, 0}, {2, 0, 3}, {2, 2, 3}},
    {{2, 0, 3}, {2, 3, 4}, {2, 0, 4}},
    {{0}, {0}, {}},
};

struct EinsumCase {
  const char* equation;
  std::vector<Shape> operands;
  Shape result;
};

const std::vector<EinsumCase> kEinsumCases = {
    {"ij->ij", {{2, 3}}, {2, 3}},
    {"ij->ji", {{2, 3}}, {3, 2}},
    {"ji", {{2, 3}}, {3, 2}},
    {"ij->", {{2, 3}}, {}},
    {"ij->j", {{2, 3}}, {3}},
    {"abcdef->fbd", {{2, 1, 2, 3, 1, 2}}, {2, 1, 3}},
    {"->", {{}}, {}},
    {"i->i", {{0}}, {0}},
    {"i->", {{0}}, {}},
    {"ik,kj->ij", {{2, 3}, {3, 4}}, {2, 4}},
    {"ik,kj", {{2, 3}, {3, 4}}, {2, 4}},
    {" i k , k j -> i j ", {{2, 3}, {3, 4}}, {2, 4}},
    {"bik,bjk->bij", {{2, 3, 4}, {2, 5, 4}}, {2, 3, 5}},
    {"bik,bjk->jbi", {{2, 3, 4}, {2, 5, 4}}, {5, 2, 3}},
    {"bhtd,bhsd->bhts", {{2, 2, 3, 4}, {2, 2, 5, 4}}, {2, 2, 3, 5}},
    {"i,j->ij", {{2}, {3}}, {2, 3}},
    {"i,i->i", {{3}, {3}}, {3}},
    {"i,i", {{3}, {3}}, {}},
    {"ij,ij->", {{2, 3}, {2, 3}}, {}},
    {"aib,cbi->ca", {{2, 3, 4}, {2, 4, 3}}, {2, 2}},
    {"aij,bk->kb", {{2, 3, 2}, {3, 2}}, {2, 3}},
    {"i,->i", {{3}, {}}, {3}},
    {",", {{}, {}}, {}},
    {"ij,kj->ik", {{2, 1}, {3, 4}}, {2, 3}},
    {"bi,bj->bij", {{1, 2}, {3, 2}}, {3, 2, 2}},
    {"Ab,bA->A", {{3, 2}, {2, 3}}, {3}},
    {"ik,kj->ij", {{2, 0}, {0, 3}}, {2, 3}},
    {"ik,kj->ij", {{0, 2}, {2, 3}}, {0, 3}},
    {"ik,kj->i", {{2, 3}, {3, 0}}, {2}},
    {"ii->i", {{3, 3}}, {3}},
    {"ii->", {{3, 3}}, {}},
    {"jii->ij", {{2, 3, 3}}, {3, 2}},
    {"iij,jk->ik", {{2, 2, 3}, {3, 4}}, {2, 4}},
    {"ii,jj->ij", {{2, 2}, {3, 3}}, {2, 3}},
    {"ii,i->i", {{1, 1}, {3}}, {3}},
    {"ij,jj->i", {{2, 3}, {3, 3}}, {2}},
    {"iii->i", {{2, 2, 2}}, {2}},
    {"ii->i", {{0, 0}}, {0}},
};

Tensor einsum_of(const EinsumCase& c, std::span<const Tensor> x) {
  return x.size() == 1 ? einsum(c.equation, x[0]) : einsum(c.equation, x[0], x[1]);
}

/// By the definition: every number of the result is the sum over all values of the letters it does not name.
std::vector<double> sums(std::string equation, std::span<const Tensor> x, const Shape& result) {
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->"), comma = equation.find(',');
  const std::string of_result = equation.substr(arrow + 2);
  const std::string sides[2] = {equation.substr(0, std::min(comma, arrow)),
                                x.size() == 1 ? "" : equation.substr(comma + 1, arrow - comma - 1)};
  std::map<char, int> lengths, index;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (int axis = 0; axis < x[i].rank(); ++axis) {
      int& length = lengths[sides[i][axis]];
      length = length == 0 || length == 1 ? x[i].dim(axis) : length;
    }
  }
  std::size_t count = 1;
  for (const auto& [name, length] : lengths) count *= length;
  std::vector<double> numbers(result.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i;
    for (const auto& [name, length] : lengths) {
      index[name] = static_cast<int>(rest % length);
      rest /= length;
    }
    const auto place = [&](const std::string& names, const Shape& shape) {
      std::size_t flat = 0;
      for (int axis = 0; axis < shape.rank(); ++axis) {
        flat = flat * shape[axis] + (shape[axis] == 1 ? 0 : index[names[axis]]);
      }
      return flat;
    };
    double product = 1;
    for (std::size_t k = 0; k < x.size(); ++k) product *= x[k].value()[place(sides[k], x[k].shape())];
    numbers[place(of_result, result)] += product;
  }
  return numbers;
}

}

TEST_SUITE("products") {
  TEST_CASE("matmul is the product of matrices for every batch, which broadcasts") {
    for (const MatmulCase& c : kMatmulCases) {
      CAPTURE(to_string(c.a));
      CAPTURE(to_string(c.b));
      Tape tape;
      const Tensor a = some(c.a, 1), b = some(c.b, 2), y = matmul(a, b);
      CHECK(y.shape() == c.c);
      const Tensor rows = a.rank() == 1 ? reshape(a, {1, a.dim(0)}) : a;
      const Tensor columns = b.rank() == 1 ? reshape(b, {b.dim(0), 1}) : b;
      const Tensor matrices = matmul(rows, columns);
      check_numbers(y, products(rows, columns, matrices.shape()), 1e-5);
    }
  }

  TEST_CASE("a NaN reaches those products that it is a factor of, and no others") {
    const Checking nothing(kCheckNothing);
    Tape tape;
    const Real nan = std::numeric_limits<Real>::quiet_NaN();
    const Tensor y = matmul(constant({2, 1, 2}, {1, nan, 3, 4}), constant({2, 1}, {1, 2}));
    CHECK(std::isnan(y.value()[0]));
    CHECK(y.value()[1] == 11);
  }

  TEST_CASE("outer") {
    Tape tape;
    const Tensor y = outer(constant({2}, {2, 3}), constant({3}, {1, 10, 100}));
    CHECK(y.shape() == Shape{2, 3});
    check_numbers(y, {2, 20, 200, 3, 30, 300});
    CHECK(outer(constant({0}, {}), constant({3}, {1, 2, 3})).shape() == Shape{0, 3});
  }

  TEST_CASE("einsum sums over the letters that the result does not name") {
    for (const EinsumCase& c : kEinsumCases) {
      CAPTURE(std::string(c.equation));
      Tape tape;
      std::vector<Tensor> x;
      for (const Shape& shape : c.operands) x.push_back(some(shape, static_cast<int>(x.size())));
      const Tensor y = einsum_of(c, x);
      CHECK(y.shape() == c.result);
      if (std::string(c.equation).find("->") == std::string::npos) continue;
      check_numbers(y, sums(c.equation, x, c.result), 1e-5);
    }
  }

  TEST_CASE("einsum without an arrow is with the letters that occur once, in the order of the alphabet") {
    Tape tape;
    const Tensor a = some({2, 3}, 1), b = some({3, 4}, 2);
    const auto numbers = [](Tensor x) { return std::vector<double>(x.value().begin(), x.value().end()); };
    check_numbers(einsum("ik,kj", a, b), numbers(einsum("ik,kj->ij", a, b)));
    check_numbers(einsum("ki,jk", b, a), numbers(einsum("ki,jk->ij", b, a)));
    check_numbers(einsum("ba", a), numbers(einsum("ba->ab", a)));
    check_numbers(einsum(",", constant({}, {3}), constant({}, {4})), {12});
    check_numbers(einsum("ii", some({3, 3}, 1)), numbers(einsum("ii->", some({3, 3}, 1))));
    check_numbers(einsum("ii,jk", some({3, 3}, 1), b), numbers(einsum("ii,jk->jk", some({3, 3}, 1), b)));
  }

  TEST_CASE("an ellipsis of einsum stands for any axes, which broadcast from the last one on") {
    Tape tape;
    const auto numbers = [](Tensor x) { return std::vector<double>(x.value().begin(), x.value().end()); };
    const Tensor a = some({4, 2, 3, 5}, 1), b = some({2, 5, 3}, 2), c = some({4, 1, 5, 3}, 3);
    const auto check_alike = [&](const char* equation, const char* letters, Tensor x, Tensor y) {
      CAPTURE(std::string(equation));
      const Tensor result = einsum(equation, x, y), expected = einsum(letters, x, y);
      CHECK(result.shape() == expected.shape());
      check_numbers(result, numbers(expected));
    };
    check_alike("...ik,...kj->...ij", "abik,bkj->abij", a, b);
    check_alike("...ik,...kj", "abik,bkj->abij", a, b);
    check_alike("...ik,...kj->...ij", "abik,abkj->abij", a, c);
    check_alike("...ik,kj->...ij", "abik,kj->abij", a, some({5, 2}, 2));
    check_alike("i...k,k...->k...i", "iabk,kb->kabi", a, some({5, 3}, 2));
    check_alike("...ik,...kj->ij", "abik,bkj->ij", a, b);
    check_numbers(einsum("...ij->...ji", a), numbers(transpose(a)));
    check_numbers(einsum("...", a), numbers(a));
    check_numbers(einsum("...->", a), numbers(sum(a)), 1e-5);
    check_numbers(einsum("...ii->...i", some({2, 3, 3}, 1)), numbers(einsum("bii->bi", some({2, 3, 3}, 1))));
    CHECK(einsum("...,...", constant({}, {3}), constant({}, {4})).item() == 12);
  }

  TEST_CASE("a sum of many numbers loses none of them") {
    Tape tape;
    const int many = kGradcheck ? 1000 : (1 << 24) + 64;  // more ones than a float can count one by one
    CHECK(einsum("ij->j", full({many, 1}, 1)).value()[0] == Real(many));
    const Tensor x = variable({1}, {2});
    const Tensor y = einsum("i,j->ij", full({many}, 1), x);
    tape.backward(y, std::vector<Real>(many, 1));
    CHECK(x.grad()[0] == Real(many));
  }

  TEST_CASE("mistakes are named") {
    Tape tape;
    const Tensor scalar = full({}, 1), v = full({3}, 1), m = full({2, 3}, 1), batch = full({5, 3, 4}, 1);
    CHECK(complaint([&] { matmul(scalar, m); }) ==
          "matmul: a scalar: a is (), b is (2, 3); need (…, M, K) and (…, K, N), or a vector (K)");
    CHECK(complaint([&] { matmul(m, m); }) ==
          "matmul: inner dimensions differ: a is (2, 3), b is (2, 3); need a.dim(-1) == b.dim(-2)");
    CHECK(complaint([&] { matmul(batch, v); }) ==
          "matmul: inner dimensions differ: a is (5, 3, 4), b is (3); need a.dim(-1) == b.dim(-1)");
    CHECK(complaint([&] {
            matmul(full({4, 2, 3}, 1), batch);
          }) == "matmul: batches do not broadcast: a is (4, 2, 3), b is (5, 3, 4); need equal lengths or 1 on axis -3");
    CHECK(complaint([&] { outer(v, m); }) == "outer: not vectors: a is (3), b is (2, 3); need (M) and (N)");
    CHECK(complaint([&] { einsum("ii->i", m); }) ==
          "einsum: \"ii->i\": the diagonal of i has lengths 2 and 3; need equal ones");
    CHECK(complaint([&] {
            einsum("ii->i", full({1, 3}, 1));
          }) == "einsum: \"ii->i\": the diagonal of i has lengths 1 and 3; need equal ones");
    CHECK(complaint([&] { einsum("i->ii", v); }) ==
          "einsum: \"i->ii\": the result names i twice; need each letter once");
    CHECK(complaint([&] { einsum("ij->i", v); }) ==
          "einsum: \"ij->i\": \"ij\" does not fit an operand of (3); need a letter for each axis");
    CHECK(complaint([&] { einsum("i,j->ij", v); }) ==
          "einsum: \"i,j->ij\": 1 operands are given; need as many as there are between the commas");
    CHECK(complaint([&] { einsum("i->i", v, v); }) ==
          "einsum: \"i->i\": 2 operands are given; need as many as there are between the commas");
    CHECK(complaint([&] { einsum("i->j", v); }) == "einsum: \"i->j\": no operand has j, which the result names");
    CHECK(complaint([&] { einsum("->j", scalar); }) == "einsum: \"->j\": no operand has j, which the result names");
    for (const char* const equation : {"..->", "....->", "i...i...->", "...->1", "1->"}) {
      CHECK(complaint([&] { einsum(equation, v); }).find("is no letter; need letters") != std::string::npos);
    }
    CHECK(complaint([&] { einsum("i,i,i->i", v, v); }) ==
          "einsum: \"i,i,i->i\": ',' is no letter; need letters, ... for axes without any, a comma between operands, "
          "and -> before the result");
    CHECK(complaint([&] { einsum("...ijk->i", m); }) ==
          "einsum: \"...ijk->i\": \"...ijk\" does not fit an operand of (2, 3); need a letter for each axis");
    CHECK(complaint([&] { einsum("...,...->...", v, full({2}, 1)); }) ==
          "einsum: \"...,...->...\": lengths of ... differ: 3 and 2; need equal lengths, or 1");
    const Tensor six = full({1, 1, 1, 1, 1, 1}, 1);
    CHECK(complaint([&] { einsum("abcdef,ghijkl->z", six, six); }) ==
          "einsum: \"abcdef,ghijkl->z\": no operand has z, which the result names");
    CHECK(complaint([&] {
            einsum("ij,jk->ik", m, full({2, 3}, 1));
          }) == "einsum: \"ij,jk->ik\": lengths of j differ: 3 and 2; need equal lengths, or 1");
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const MatmulCase& c : kMatmulCases) gradcheck("matmul", {c.a, c.b}, matmul);
    gradcheck("matmul", {{2, 3, 3}}, [](Tensor x) { return matmul(x, x); });
    for (const EinsumCase& c : kEinsumCases) {
      std::vector<CheckInput> inputs(c.operands.begin(), c.operands.end());
      if (inputs.size() == 1) {
        gradcheck(c.equation, inputs, [&](Tensor a) { return einsum(c.equation, a); });
      } else {
        gradcheck(c.equation, inputs, [&](Tensor a, Tensor b) { return einsum(c.equation, a, b); });
      }
    }
    gradcheck("einsum", {{3, 3}}, [](Tensor x) { return einsum("ij,jk->ki", x, x); });
    gradcheck("einsum", {{2, 2, 3}, {1, 3, 2}}, [](Tensor a, Tensor b) { return einsum("...ij,...jk->k...", a, b); });
    gradcheck("outer", {{2}, {3}}, outer);
    Leaf weight("weight", {3, 2});
    std::ranges::copy(some_numbers(6, 1), weight.value().begin());
    gradcheck("matmul", {{2, 2, 3}}, [&](Tensor x) { return matmul(matmul(x, weight), transpose(weight.tensor())); },
              {&weight});
    gradcheck("matmul", {{3}}, [&](Tensor x) { return matmul(x, weight); }, {&weight});
    gradcheck("einsum", {{2, 3}}, [&](Tensor x) { return einsum("bi,ij->bj", x, weight); }, {&weight});
  }
}
