#include "ops/cross_entropy.h"

#include <algorithm>

#include "ops/kernels/cross_entropy.h"
#include "ops/kernels/softmax.h"

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

Tensor cross_entropy(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options) {
  if (logits.rank() != 2 || logits.dim(0) != static_cast<int>(targets.size())) {
    fail("cross_entropy: rows do not fit: logits is {}, targets has {}; need logits (N, V) and N targets",
         logits.shape(), targets.size());
  }
  const std::size_t V = logits.dim(1);
  const std::size_t counted = options.check("cross_entropy", targets, logits.dim(1));
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

}
