#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace gradus::inline GRADUS_PRECISION {
namespace unfused {

namespace {

/// x Wᵀ, over the columns of the term.
Tensor product(const LinearTerm& term) {
  const int cols = term.x.dim(-1);
  const bool is_whole = cols == term.weight.dim(1);
  const Tensor weight = is_whole ? term.weight : slice(term.weight, 1, term.begin(), term.begin() + cols);
  return matmul(term.x, transpose(weight));
}

}

Tensor linear(Tensor x, Tensor weight, Tensor bias) {
  const bool is_matrix = x.rank() == 2;
  Tensor y = matmul(is_matrix ? x : reshape(x, {-1, x.dim(-1)}), transpose(weight));
  if (bias) y = y + bias;
  return is_matrix ? y : reshape(y, x.shape().with(-1, weight.dim(0)));
}

Tensor linear_sum(Tensor base, List<LinearTerm> terms) {
  Tensor sum = base;
  for (const LinearTerm& term : terms) sum = sum ? sum + product(term) : product(term);
  return sum;
}

Tensor linear_sum_tanh(Tensor base, List<LinearTerm> terms) { return tanh(unfused::linear_sum(base, terms)); }

Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options) {
  return cross_entropy(unfused::linear(x, weight, bias), targets, options);
}

Tensor linear_r_drop(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets, Real alpha,
                     const CrossEntropyOptions& options) {
  const Tensor logits = unfused::linear(x, weight, bias), loss = cross_entropy(logits, targets, options);
  Tensor counted = full({x.dim(0) / 2, 1}, 1);
  Real rows = 0;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (targets[2 * i] == options.ignored) counted.value()[i] = 0;
    rows += 2 * counted.value()[i];
  }
  if (rows == 0) return loss;
  const auto pass = [&](int which) {  // log P of each word
    return select(reshape(log_softmax(logits), {-1, 2, weight.dim(0)}), 1, which);
  };
  const Tensor first = pass(0), second = pass(1);
  const Tensor divergence = sum(counted * (exp(first) - exp(second)) * (first - second)) / 2;
  return loss + alpha * divergence / (options.divisor != 0 ? options.divisor : rows);
}

}
}
