#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::vector<Tensor> linear_layer(Call& call) {
  const Tensor x = call.tensor(0), weight = call.tensor(1, "weight"), bias = call.optional_tensor(2, "bias");
  if (x.rank() == 0 || weight.rank() != 2) throw Unexpressed{"a weight that is no matrix"};
  return {linear(x, weight, bias)};
}

/// beta input + alpha a @ b.
std::vector<Tensor> sum_of_product(Call& call) {
  const Real beta = call.number(-1, "beta", 1), alpha = call.number(-1, "alpha", 1);
  return {call.tensor(0) * beta + matmul(call.tensor(1), call.tensor(2)) * alpha};
}

std::vector<Tensor> by_letters(Call& call) {
  const std::string equation = call.text(1, "equation", "");
  const std::vector<Tensor> operands = call.tensors(0, "operands");
  if (operands.size() > 2) throw Unexpressed{"more than two operands"};
  return {operands.size() == 1 ? einsum(equation, operands[0]) : einsum(equation, operands[0], operands[1])};
}

}

void add_products(Words& words) {
  for (const char* name : {"matmul", "mm", "bmm", "mv", "dot"}) {
    words[name] = [](Call& call) -> std::vector<Tensor> { return {matmul(call.tensor(0), call.tensor(1, "other"))}; };
  }
  words["inner"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor a = call.tensor(0), b = call.tensor(1);
    if (a.rank() == 0 || b.rank() == 0) return {a * b};
    return {b.rank() < 2 ? matmul(a, b) : matmul(a, transpose(b))};
  };
  words["outer"] = [](Call& call) -> std::vector<Tensor> { return {outer(call.tensor(0), call.tensor(1))}; };
  words["addmm"] = sum_of_product;
  words["einsum"] = by_letters;
  words["nn.functional.linear"] = linear_layer;
}

}
