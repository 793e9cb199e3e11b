#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/compare.h"
#include "ops/create/create.h"
#include "ops/elementwise.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// An argument that is a tensor or a number, as a tensor.
Tensor operand(Call& call, int position, const char* name) {
  if (call.is_tensor(position, name)) return call.tensor(position, name);
  return constant({}, {static_cast<Real>(call.number(position, name))});
}

/// An op of one tensor and nothing else.
auto of_one(Tensor (*op)(Tensor)) {
  return [op](Call& call) -> std::vector<Tensor> { return {op(call.tensor(0))}; };
}

/// An op of two, of which either may be a number.
auto of_two(Tensor (*op)(Tensor, Tensor)) {
  return [op](Call& call) -> std::vector<Tensor> { return {op(operand(call, 0, "input"), operand(call, 1, "other"))}; };
}

/// The same with the operands exchanged: Python's `__rsub__` and its like.
auto reflected(Tensor (*op)(Tensor, Tensor)) {
  return [op](Call& call) -> std::vector<Tensor> { return {op(operand(call, 1, "other"), operand(call, 0, "input"))}; };
}

Tensor is_true(Tensor x) { return ne(x, 0); }
Tensor truncated(Tensor x) { return where(lt(x, 0), ceil(x), floor(x)); }

/// The gradient of PyTorch's vectorised loops at NaN is another one than that of the loops over what is left.
Tensor without_nan(Tensor x) {
  if (std::any_of(x.value().begin(), x.value().end(), [](Real x) { return std::isnan(x); })) {
    throw Unexpressed{"NaN, where PyTorch has two gradients"};
  }
  return x;
}

/// clamp without a gradient at the limits themselves.
Tensor hard_limits(Tensor x, Real low, Real high) {
  return where(gt(x, low) * lt(x, high), without_nan(x), clamp(detach(x), low, high));
}

/// An op whose second operand PyTorch multiplies by `alpha`.
template <class Op>
auto with_alpha(Op op) {
  return [op](Call& call) -> std::vector<Tensor> {
    const Tensor other = operand(call, 1, "other");
    const double alpha = call.number(-1, "alpha", 1);
    return {op(operand(call, 0, "input"), alpha == 1 ? other : other * static_cast<Real>(alpha))};
  };
}

std::vector<Tensor> quotient(Call& call) {
  const std::string rounding = call.text(-1, "rounding_mode", "");
  const Tensor y = operand(call, 0, "input") / operand(call, 1, "other");
  return {rounding == "floor" ? floor(y) : rounding == "trunc" ? truncated(y) : y};
}

std::vector<Tensor> clamped(Call& call) {
  const Tensor x = call.tensor(0);
  if (call.is_tensor(1, "min") || call.is_tensor(2, "max")) {
    return {clamp(x, call.optional_tensor(1, "min"), call.optional_tensor(2, "max"))};
  }
  return {clamp(x, call.number(1, "min", -kInfinity), call.number(2, "max", kInfinity))};
}

std::vector<Tensor> filled(Call& call) {
  return {where(call.tensor(1, "mask"), operand(call, 2, "value"), call.tensor(0))};
}

}

void add_elementwise(Words& words) {
  const std::pair<const char*, Tensor (*)(Tensor)> unary[] = {
      {"abs", abs},
      {"ceil", ceil},
      {"cos", cos},
      {"erf", erf},
      {"exp", exp},
      {"expm1", expm1},
      {"floor", floor},
      {"log", log},
      {"log1p", log1p},
      {"reciprocal", reciprocal},
      {"rsqrt", rsqrt},
      {"sigmoid", sigmoid},
      {"sign", sign},
      {"sin", sin},
      {"sqrt", sqrt},
      {"square", square},
      {"tanh", tanh},
      {"trunc", truncated},
      {"nn.functional.relu", relu},
      {"neg", [](Tensor x) { return -x; }},
      {"positive", [](Tensor x) { return x; }},
      {"erfc", [](Tensor x) { return 1 - erf(x); }},
      {"isnan", [](Tensor x) { return ne(x, x); }},
      {"isinf", [](Tensor x) { return eq(abs(x), kInfinity); }},
      {"isfinite", [](Tensor x) { return lt(abs(x), kInfinity); }},
      {"logical_not", [](Tensor x) { return eq(x, 0); }},
      {"nn.functional.logsigmoid", [](Tensor x) { return -softplus(-x); }},
      {"nn.functional.mish", [](Tensor x) { return x * tanh(softplus(x)); }},
      {"nn.functional.relu6", [](Tensor x) { return hard_limits(x, 0, 6); }},
  };
  for (const auto& [name, op] : unary) words[name] = of_one(op);
  const std::pair<const char*, Tensor (*)(Tensor, Tensor)> binary[] = {
      {"eq", eq},
      {"ge", ge},
      {"gt", gt},
      {"le", le},
      {"lt", lt},
      {"ne", ne},
      {"mul", mul},
      {"true_divide", div},
      {"maximum", maximum},
      {"minimum", minimum},
      {"pow", pow},
      {"float_power", pow},
      {"fmax", [](Tensor a, Tensor b) { return where(ne(b, b) + ge(a, b), a, b); }},
      {"fmin", [](Tensor a, Tensor b) { return where(ne(b, b) + le(a, b), a, b); }},
      {"logical_and", [](Tensor a, Tensor b) { return is_true(a) * is_true(b); }},
      {"logical_or", [](Tensor a, Tensor b) { return is_true(is_true(a) + is_true(b)); }},
  };
  for (const auto& [name, op] : binary) words[name] = of_two(op);
  words["__radd__"] = reflected(add);
  words["__rsub__"] = reflected(sub);
  words["__rmul__"] = reflected(mul);
  words["__rdiv__"] = reflected(div);
  words["__rpow__"] = reflected([](Tensor base, Tensor exponent) { return pow(detach(base), exponent); });  // as there
  words["add"] = with_alpha(add);
  words["sub"] = with_alpha(sub);
  words["rsub"] = [](Call& call) -> std::vector<Tensor> {
    const Real alpha = call.number(-1, "alpha", 1);
    return {operand(call, 1, "other") - operand(call, 0, "input") * alpha};
  };
  words["div"] = quotient;
  words["clamp"] = clamped;
  words["clamp_min"] = [](Call& call) -> std::vector<Tensor> {
    return {clamp_min(operand(call, 0, "input"), operand(call, 1, "min"))};
  };
  words["clamp_max"] = [](Call& call) -> std::vector<Tensor> {
    return {clamp_max(operand(call, 0, "input"), operand(call, 1, "max"))};
  };
  words["where"] = [](Call& call) -> std::vector<Tensor> {
    return {where(call.tensor(1, "condition"), operand(call, 0, "input"), operand(call, 2, "other"))};
  };
  words["masked_fill"] = filled;
  words["round"] = [](Call& call) -> std::vector<Tensor> {
    const Real scale = std::pow(10, call.integer(-1, "decimals", 0));
    return {scale == 1 ? round(call.tensor(0)) : round(call.tensor(0) * scale) / scale};
  };
  words["nn.functional.silu"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    if (std::find(x.value().begin(), x.value().end(), -kInfinity) != x.value().end()) {
      throw Unexpressed{"the limit at -inf, where PyTorch has NaN"};
    }
    return {silu(x)};
  };
  words["nn.functional.gelu"] = [](Call& call) -> std::vector<Tensor> {
    return {call.text(-1, "approximate", "none") == "tanh" ? gelu_tanh(call.tensor(0)) : gelu(call.tensor(0))};
  };
  words["nn.functional.elu"] = [](Call& call) -> std::vector<Tensor> {
    return {elu(without_nan(call.tensor(0)), call.number(1, "alpha", 1))};
  };
  words["nn.functional.leaky_relu"] = [](Call& call) -> std::vector<Tensor> {
    return {leaky_relu(call.tensor(0), call.number(1, "negative_slope", 0.01))};
  };
  words["nn.functional.softplus"] = [](Call& call) -> std::vector<Tensor> {
    return {softplus(call.tensor(0), call.number(1, "beta", 1), call.number(2, "threshold", 20))};
  };
  words["nn.functional.hardtanh"] = [](Call& call) -> std::vector<Tensor> {
    return {hard_limits(call.tensor(0), call.number(1, "min_val", -1), call.number(2, "max_val", 1))};
  };
  words["nn.functional.dropout"] = [](Call& call) -> std::vector<Tensor> {
    const double p = call.number(1, "p", 0.5);
    if (call.flag(2, "training", true) && p != 0) throw Unexpressed{"random numbers of its own"};
    return {call.tensor(0)};
  };
}

}
