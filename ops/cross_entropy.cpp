#include "ops/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "autograd/scratch.h"
#include "ops/elementwise.h"
#include "ops/gradients.h"
#include "ops/kernels/cross_entropy.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/masking.h"

namespace gradus::inline GRADUS_PRECISION {

std::size_t CrossEntropyOptions::check(const char* op, std::span<const int> targets, int classes) const {
  if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
    fail("{}: bad label_smoothing: {}; need 0 to 1", op, label_smoothing);
  }
  if (!(divisor >= 0)) fail("{}: bad divisor: {}; need 0 or more", op, divisor);
  if (!row_losses.empty() && row_losses.size() != targets.size()) {
    fail("{}: row_losses has {}, targets has {}; need as many", op, row_losses.size(), targets.size());
  }
  std::size_t counted = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == ignored) continue;
    ++counted;
    if (targets[i] >= 0 && targets[i] < classes) continue;
    fail("{}: no such class: targets[{}] is {}; need 0 <= target < {}, or {} to ignore it", op, i, targets[i], classes,
         ignored);
  }
  return counted;
}

namespace detail {

ClassAxis::ClassAxis(const Shape& shape)
    : C(shape[std::min(shape.rank() - 1, 1)]), inner(1), rest(shape.without(std::min(shape.rank() - 1, 1))) {
  for (int axis = 2; axis < shape.rank(); ++axis) inner *= static_cast<std::size_t>(shape[axis]);
}

ClassAxis::ClassAxis(const char* op, const char* name, const Shape& shape, std::size_t targets)
    : ClassAxis(shape.rank() == 0 ? Shape{0} : shape) {
  if (shape.rank() > 0 && rest.size() == targets) return;
  fail("{}: rows do not fit: {} is {}, targets has {}; need {} (N, V) and N targets", op, name, shape, targets, name);
}

void require_class_weights(const char* op, Tensor weight, int classes) {
  if (!weight) return;
  require_constant(op, weight, "weight");
  if (weight.shape() == Shape{classes}) return;
  fail("{}: weight does not fit: weight is {}, there are {} classes; need ({})", op, weight.shape(), classes, classes);
}

}

namespace {

/// The loss of every place, -Σ_c q_c log softmax(x)_c, where `distribution(i, q)` writes the q of place i, weights
/// included. The distributions are a tensor, too, of which q is factor · weight · distributions + a constant, or an
/// empty handle.
template <class Distribution>
Tensor losses(Tensor logits, Tensor distributions, Tensor weight, Real factor, Distribution distribution) {
  const detail::ClassAxis axis(logits.shape());
  const std::size_t V = axis.C, places = axis.rest.size();
  const auto log_softmax = [=](std::size_t i, Real* y) {
    for (std::size_t c = 0; c < V; ++c) y[c] = logits.value()[axis.place(i, c)];
    const Real largest = kernels::max(y, V);
    for (std::size_t c = 0; c < V; ++c) y[c] -= largest;  // so that log Σ exp y is small, and rounds nothing off
    kernels::log_softmax_row(y, y, V);
  };
  Tensor loss = distributions ? output(axis.rest, {logits, distributions}) : output(axis.rest, {logits});
  Scratch scratch;
  Real *const y = scratch.allocate(V), *const q = scratch.allocate(V);
  for (std::size_t i = 0; i < places; ++i) {
    log_softmax(i, y);
    distribution(i, q);
    double sum = 0;
    for (std::size_t c = 0; c < V; ++c) sum -= q[c] == 0 ? 0 : double(q[c]) * y[c];
    loss.value()[i] = static_cast<Real>(sum);
  }
  record("cross_entropy", loss, [=] {
    Scratch scratch;
    Real *const y = scratch.allocate(V), *const q = scratch.allocate(V);
    const Array dx = detail::accumulator_if_needed(logits);
    const Array dq = distributions ? detail::accumulator_if_needed(distributions) : Array{};
    for (std::size_t i = 0; i < places; ++i) {
      const Real dl = loss.grad()[i];
      distribution(i, q);
      if (!dq.data && std::all_of(q, q + V, [](Real q) { return q == 0; })) continue;
      log_softmax(i, y);
      const Real total = kernels::sum(q, V);
      for (std::size_t c = 0; c < V; ++c) {
        const std::size_t at = axis.place(i, c);
        if (dx.data) dx[at] += dl * (total * std::exp(y[c]) - q[c]);                   // dx += dl (softmax(x) Σ q - q)
        if (dq.data) dq[at] -= dl * factor * (weight ? weight.value()[c] : 1) * y[c];  // dq += -dl w log softmax(x)
      }
    }
  });
  return loss;
}

Tensor reduce(Tensor losses, const CrossEntropyOptions& options, double divisor) {
  if (!options.row_losses.empty()) std::ranges::copy(losses.value(), options.row_losses.begin());
  if (options.reduction == Reduction::None) return losses;
  if (options.reduction == Reduction::Sum) return sum(losses);
  if (options.divisor != 0) divisor = options.divisor;
  return sum(losses) / static_cast<Real>(divisor == 0 ? 1 : divisor);
}

Tensor cross_entropy_of_places(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options) {
  const Real smoothing = options.label_smoothing;
  const Tensor weight = options.weight;
  const std::size_t V = detail::ClassAxis(logits.shape()).C;
  const int ignored = options.ignored;
  detail::require_class_weights("cross_entropy", weight, static_cast<int>(V));
  double total = 0;  // of the targets' weights
  for (const int target : targets) total += target == ignored ? 0 : weight ? weight.value()[target] : 1;
  const std::span kept = Tape::active().arena().copy(targets);
  const Tensor y = losses(logits, {}, weight, 0, [=](std::size_t i, Real* q) {
    kernels::fill(kept[i] == ignored ? 0 : smoothing / V, q, V);
    if (kept[i] != ignored) q[kept[i]] += 1 - smoothing;
    if (weight) kernels::mul(q, weight.value().data, q, V);
  });
  return reduce(y, options, total);
}

}

Tensor cross_entropy(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options) {
  const detail::ClassAxis axis("cross_entropy", "logits", logits.shape(), targets.size());
  const std::size_t V = axis.C, counted = options.check("cross_entropy", targets, axis.C);
  if (axis.inner != 1 || options.weight || options.reduction != Reduction::Mean || axis.rest.rank() == 0) {
    return cross_entropy_of_places(logits, targets, options);
  }
  const Real smoothing = options.label_smoothing;
  const int ignored = options.ignored;
  const Real divisor = options.divisor != 0 ? options.divisor : std::max<Real>(counted, 1);

  // With the target distribution q = (1-ε) one-hot + ε/V the loss of a row is
  // -Σ q log softmax(x) = log Σ exp z - (1-ε) z[target] - ε/V Σ z, z = x - max x.
  Tensor loss = output({}, {logits});
  auto* const log_sums = Tape::active().arena().allocate<kernels::LogSum>(targets.size());
  double total = 0;
  std::fill(options.row_losses.begin(), options.row_losses.end(), Real{0});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == ignored) continue;
    const Real* x = logits.value().data + i * V;
    log_sums[i] = kernels::log_sum_of(x, V);
    const Real row_loss = kernels::cross_entropy_loss(x, V, targets[i], smoothing, log_sums[i]);
    if (!options.row_losses.empty()) options.row_losses[i] = row_loss;
    total += row_loss;
  }
  loss.value()[0] = static_cast<Real>(total / divisor);
  record("cross_entropy", loss, [=, targets = Tape::active().arena().copy(targets)] {
    const Real scale = loss.grad()[0] / divisor;
    const Array dlogits = accumulator(logits);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (targets[i] == ignored) continue;
      kernels::add_cross_entropy_gradient(logits.value().data + i * V, V, targets[i], smoothing, log_sums[i], scale,
                                          dlogits.data + i * V);  // dx += (softmax(x) - q) dloss
    }
  });
  return loss;
}

Tensor cross_entropy(Tensor logits, Tensor targets, const CrossEntropyOptions& options) {
  if (logits.rank() == 0 || targets.shape() != logits.shape()) {
    fail("cross_entropy: distributions do not fit: logits is {}, targets is {}; need both (N, V, …)", logits.shape(),
         targets.shape());
  }
  const detail::ClassAxis axis(logits.shape());
  const std::size_t V = axis.C;
  const Real smoothing = options.label_smoothing;
  const Tensor weight = options.weight;
  CrossEntropyOptions{.label_smoothing = smoothing, .divisor = options.divisor}.check("cross_entropy", {}, axis.C);
  if (!options.row_losses.empty() && options.row_losses.size() != axis.rest.size()) {
    fail("cross_entropy: row_losses has {}, logits is {}; need {}", options.row_losses.size(), logits.shape(),
         axis.rest.size());
  }
  detail::require_class_weights("cross_entropy", weight, axis.C);
  const Tensor y = losses(logits, targets, weight, 1 - smoothing, [=](std::size_t i, Real* q) {
    for (std::size_t c = 0; c < V; ++c) {
      q[c] = (1 - smoothing) * targets.value()[axis.place(i, static_cast<int>(c))] + smoothing / V;
    }
    if (weight) kernels::mul(q, weight.value().data, q, V);
  });
  return reduce(y, options, static_cast<double>(axis.rest.size()));
}

}
