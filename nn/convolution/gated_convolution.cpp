#include "nn/convolution/gated_convolution.h"

#include <cmath>
#include <numbers>

#include "autograd/scratch.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/layout.h"
#include "ops/softmax.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr Real kRootHalf = 1 / std::numbers::sqrt2_v<Real>;

/// The row of each position's neighbour, `shift` positions on; -1 outside of its sentence.
std::span<const int> neighbours(const Packing& packing, int shift, Scratch& scratch) {
  int* const rows = scratch.allocate<int>(packing.rows());
  for (int t = 0; t < packing.steps(); ++t) {
    for (int b = 0; b < packing.alive(t); ++b) {
      const int at = t + shift;
      rows[packing.row(b, t)] = at < 0 || at >= packing.length(b) ? -1 : packing.row(b, at);
    }
  }
  return {rows, static_cast<std::size_t>(packing.rows())};
}

/// a ∘ σ(g).   (N, 2H) -> (N, H)
Tensor gated(Tensor x) {
  const int H = x.dim(1) / 2;
  return slice(x, 1, 0, H) * sigmoid(slice(x, 1, H));
}

/// √m of each query's sentence.   -> (rows, 1)
Tensor root_lengths(const Packing& queries, const SequenceRows& source) {
  Tensor roots = full({queries.rows(), 1}, 0);
  for (int t = 0; t < queries.steps(); ++t) {
    for (int b = 0; b < queries.alive(t); ++b)
      roots.value()[queries.row(b, t)] = std::sqrt(static_cast<Real>(source.length[b]));
  }
  return roots;
}

}

Tensor half_sum(Tensor a, Tensor b) { return kRootHalf * (a + b); }

GatedConvolution::GatedConvolution(Module* parent, std::string name, int size, int width, bool causal)
    : Module(parent, std::move(name)),
      width(width),
      causal(causal),
      weight{this, "weight", {2 * size, width * size}, init::inverse_sqrt(width * size)},
      bias{this, "bias", {2 * size}, init::inverse_sqrt(width * size)} {
  if (width < 1 || (!causal && width % 2 == 0))
    fail("convolution: width is {}; need 1 or more, and an odd one unless it is causal [in {}]", width, path());
}

Tensor GatedConvolution::operator()(Tensor x, const Packing& packing) {
  const ModulePath here(path());
  Scratch scratch;
  const int first = causal ? 1 - width : -(width / 2);
  const std::span parts = scratch.make_array(static_cast<std::size_t>(width), [&](std::size_t k) {
    const int shift = first + static_cast<int>(k);
    return shift == 0 ? x : gather_rows(x, neighbours(packing, shift, scratch));
  });
  return gated(linear_sum(bias, terms_of(parts, weight, scratch)));
}

Tensor GatedConvolution::step(Tensor x, Tensor& before) {
  const ModulePath here(path());
  const Tensor seen = width > 1 ? concat({before, x}, 1) : x;
  if (width > 1) before = slice(seen, 1, x.dim(1));
  return gated(linear(seen, weight, bias));
}

Tensor GatedConvolution::nothing_before(int sentences) const {
  return full({sentences, (width - 1) * weight.shape()[0] / 2}, 0);
}

MultiStepAttention::MultiStepAttention(Module* parent, std::string name, int size, int embedding)
    : Module(parent, std::move(name)),
      query(this, "query", size, embedding),
      context(this, "context", embedding, size) {}

Tensor MultiStepAttention::operator()(Tensor h, Tensor g, const Packing& packing, const KeysValues& source) {
  const ModulePath here(path());
  const Real root = std::sqrt(static_cast<Real>(g.dim(1)));  // by which the op divides the scores
  const Tensor d = half_sum(query(h), g);
  const Tensor mean = scaled_dot_attention(root * d, source.keys, source.values, packed_rows(packing), source.rows);
  return half_sum(context(root_lengths(packing, source.rows) * mean), h);
}

Attended MultiStepAttention::step(Tensor h, Tensor g, const KeysValues& source) {
  const ModulePath here(path());
  const Tensor scores = dot_scores(half_sum(query(h), g), source.keys, source.rows);
  const int N = h.dim(0);
  const Tensor weights = softmax(scores, source.rows.length.first(static_cast<std::size_t>(N)));
  Tensor roots = full({N, 1}, 0);
  for (int b = 0; b < N; ++b) roots.value()[b] = std::sqrt(static_cast<Real>(source.rows.length[b]));
  return {half_sum(context(roots * weighted_sum(weights, source.values, source.rows)), h), weights, {}, {}, scores};
}

}
