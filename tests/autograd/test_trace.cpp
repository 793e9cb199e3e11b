#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "autograd/inspect/formulas.h"
#include "autograd/inspect/trace.h"
#include "autograd/names.h"
#include "autograd/path.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "tests/support/contains.h"

using namespace gradus;

namespace {

std::size_t lines_with(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// An op whose name no table knows.
Tensor test_twice(Tensor x) {
  Tensor y = output(x.shape(), {x});
  for (std::size_t i = 0; i < x.size(); ++i) y.value()[i] = 2 * x.value()[i];
  record("test_twice", y, [=] {
    for (std::size_t i = 0; i < x.size(); ++i) accumulator(x)[i] += 2 * y.grad()[i];
  });
  return y;
}

}

TEST_SUITE("trace") {
  TEST_CASE("a line for each op, and one for each gradient, with the formulas in the names of the tensors") {
    Tape tape;
    const Tensor x = variable({2}, {1, -2}), w = variable({2}, {0.5, 0.25});
    const Tensor loss = sum(square(w * x));
    tape.backward(loss);
    CHECK(trace(tape) == R"(forward
  %0 variable (2) = 1 -2
  %1 variable (2) = 0.5 0.25
  %2 mul (2) <- %1 %0 = 0.5 -0.5              y = a ∘ b
  %3 square (2) <- %2 = 0.25 0.25             y = x²
  %4 sum () <- %3 = 0.5                       y = Σ x
backward
  d%3 += d%4, for each number of the sum      = 1 1
  d%2 += 2 d%3 ∘ %2                           = 1 -1
  d%1 += d%2 ∘ %0                             = 1 2
  d%0 += d%2 ∘ %1                             = 0.5 -0.25
)");
  }

  TEST_CASE("a tensor that has a name is shown with it") {
    Tape tape;
    const Tensor x = named("x", variable({}, {2})), y = named("y", square(x));
    CHECK(name_of(x.node()) == std::string("x"));
    CHECK(name_of(square(y).node()) == nullptr);
    CHECK(contains(trace(tape), "%0 variable x () = 2\n"));
    CHECK(contains(trace(tape), "%1 square y () <- %0 = 4 "));
  }

  TEST_CASE("before backward it has no gradients, and nothing of what needs none") {
    Tape tape;
    const Tensor x = variable({}, {3}), c = constant({}, {2});
    square(c);
    x* c;
    const std::string text = trace(tape);
    CHECK(contains(text, "  d%0 += d%3 ∘ %1\n"));
    CHECK(lines_with(text, "+=") == 1);
  }

  TEST_CASE("gradients that add up say which of them they are, and the last one is the sum") {
    Tape tape;
    const Tensor a = variable({}, {3});
    tape.backward(a * a + a);
    const std::string text = trace(tape);
    CHECK(contains(text, "d%0 += d%2                                  1 of 3\n"));
    CHECK(contains(text, "d%0 += d%1 ∘ %0                             2 of 3\n"));
    CHECK(contains(text, "d%0 += d%1 ∘ %0                             3 of 3 = 7\n"));
  }

  TEST_CASE("modules are headings, parameters have their names, and large tensors show no numbers") {
    Leaf weight("layer.weight", {5, 2});
    Tape tape;
    Tensor y;
    {
      const ModulePath here("layer");
      const Tensor x = full({3, 2}, 1);
      y = linear(x, weight);
    }
    tape.backward(sum(y));
    const std::string text = trace(tape, {.values = 9});
    CHECK(contains(
        text,
        " layer\n  %0 constant (3, 2) = 1 1 1 1 1 1\n  %1 parameter layer.weight (5, 2)\n  %2 linear (3, 5) <- %0 %1"));
    CHECK(contains(text, "d%1 += d%2ᵀ %0\n"));  // of ten numbers
    CHECK_FALSE(contains(text, "d%0"));         // a constant
    CHECK(contains(trace(tape, {.values = 10}), "d%1 += d%2ᵀ %0                              = 3 3 3"));
  }

  TEST_CASE("inputs without names of their own share a line, and the formula stands at the end") {
    Tape tape;
    const Tensor a = variable({1}, {1}), b = variable({1}, {2});
    tape.backward(sum(concat({a, b}, 0)));
    const std::string text = trace(tape);
    CHECK(contains(text, "  d%0, d%1 += d%2 through concat\n"));
    CHECK(text.ends_with("formulas\n concat\n  y = [x₁, x₂, …]\n  dx += their part of dy\n"));
  }

  TEST_CASE("lines have at most 80 columns, and a tensor used several times is named once") {
    Tape tape;
    std::vector<Tensor> many;
    for (int i = 0; i < 40; ++i) many.push_back(variable({1}, {1}));
    many.push_back(many.front());
    tape.backward(sum(concat(many, 0)));
    const std::string text = trace(tape);
    CHECK(contains(text, "  d%0 (2 times), d%1, d%2, "));
    CHECK(contains(text, "\n      d%"));  // goes on below, farther in
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin))
      CHECK(std::count_if(text.begin() + begin, text.begin() + end, [](char c) { return (c & 0xc0) != 0x80; }) <= 80);
  }

  TEST_CASE("an op of one's own brings its formulas, or says that it has none") {
    Tape tape;
    tape.backward(test_twice(variable({}, {1})));
    CHECK(contains(trace(tape), "d%0 += d%1 through test_twice               no formula: see add_formula\n"));
    REQUIRE(add_formula({"test_twice", "x", "y", "y = 2 x", "dx += 2 dy"}));
    CHECK(contains(trace(tape), "  %1 test_twice () <- %0 = 2                  y = 2 x\n"));
    CHECK(contains(trace(tape), "d%0 += 2 d%1                                = 2\n"));
    CHECK(find_formula("no such op") == nullptr);
  }

  TEST_CASE("an op with several outputs is one line, and a formula names no bias that is not there") {
    Tape tape;
    const Tensor c = variable({1, 1}, {1}), base = variable({4}, {0, 0, 0, 0}), w = variable({1, 1}, {1});
    const LstmState next = lstm_cell(base, {}, c);
    tape.backward(sum(linear(next.hidden, w) + next.cell));
    const std::string text = trace(tape);
    CHECK(contains(text, "  %3, %4 lstm_cell <- %1 %0 : (1, 1) = 0.2311 (1, 1) = 0.5\n"));
    CHECK(contains(text, "d%1, d%0 += d%3, d%4 through lstm_cell\n"));
    CHECK(contains(text, "y = x Wᵀ\n"));
    CHECK(contains(text, " lstm_cell\n  [i f g o] = [σ σ tanh σ](base + Σ x Wᵀ)\n"));
  }

  TEST_CASE("inputs that an op need not be given have their numbers too, and no lines if it was not") {
    const auto trace_of = [](auto op) {
      Tape tape;
      const Tensor x = variable({2, 2}, {1, 3, 2, 5}), w = variable({2}, {1, 2}), b = variable({2}, {0, 1});
      tape.backward(sum(op(x, w, b)));
      return trace(tape);
    };
    const std::string with_all = trace_of([](Tensor x, Tensor w, Tensor b) { return layer_norm(x, w, b); });
    CHECK(contains(with_all, "y = w ∘ n + b, n = (x - mean x) / √(var x + ε)\n"));
    CHECK(contains(with_all, "g = %1 ∘ d%3\n"));
    CHECK(contains(with_all, "  d%1 += Σ d%3 ∘ n "));
    CHECK(contains(with_all, "  d%2 += Σ d%3 "));
    const std::string without = trace_of([](Tensor x, Tensor, Tensor) { return layer_norm(x, 2); });
    CHECK(contains(without, "y = n, n = (x - mean x) / √(var x + ε)\n"));
    CHECK(contains(without, "g = d%3 "));
    CHECK_FALSE(contains(without, "dw"));
    CHECK_FALSE(contains(without, "  d%1 "));
    const std::string alone = trace_of([](Tensor x, Tensor, Tensor) { return einsum("ij->i", x); });
    CHECK(contains(alone, "c = Σ a, over the letters that c has not\n"));
    CHECK(contains(alone, "  d%0 += Σ d%3 "));
    CHECK(contains(trace_of([](Tensor x, Tensor, Tensor) { return pow(x, 2); }), "  d%0 += b d%3 ∘ %0^(b - 1) "));
  }

  TEST_CASE("equal steps are folded, and none is lost") {
    Tape tape;
    Tensor h = variable({8}, {1, 2, 3, 4, 5, 6, 7, 8});
    for (int step = 0; step < 6; ++step) h = tanh(h * Real(0.5));
    tape.backward(sum(h));
    const std::string folded = trace(tape), all = trace(tape, {.fold = false});
    CHECK(lines_with(folded, " tanh ") == 1);
    CHECK(lines_with(folded, "… and 5 times more the 2 lines before") == 2);
    CHECK(lines_with(all, " tanh ") == 6);
    CHECK(lines_with(all, "…") == 0);
  }

  TEST_CASE("every formula speaks of the tensors of its op, and of no others") {
    for (const char* op :
         {"add", "matmul", "linear", "layer_norm", "gru_cell", "scaled_dot_attention", "additive_scores"}) {
      CAPTURE(std::string(op));
      const OpFormula* const formula = find_formula(op);
      REQUIRE(formula != nullptr);
      std::istringstream names(formula->inputs);
      for (std::string name; names >> name;) {
        if (name.ends_with('?')) name.pop_back();
        CHECK(contains(formula->backward, fmt::format("d{} ", name)));
      }
    }
  }
}
