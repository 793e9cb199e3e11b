#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/layout.h"
#include "ops/matmul.h"

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

}
}
