#include "ops/losses/losses.h"

#include <algorithm>
#include <cmath>

#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/masking.h"
#include "ops/pointwise.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

Tensor reduce(const char* op, Tensor losses, Reduction reduction) {
  if (reduction == Reduction::None) return losses;
  if (reduction == Reduction::Sum) return sum(losses);
  if (losses.size() == 0) fail("{}: no numbers: the losses are {}; need at least one for a mean", op, losses.shape());
  return mean(losses);
}

/// d²/2 / near where |d| <= limit, and far (|d| - limit/2) elsewhere, for d = x - t; the gradient is continuous.
Tensor huber(const char* op, Tensor input, Tensor target, Real limit, Real near, Real far) {
  const auto gradient = [=](Real x, Real t) {
    const Real d = x - t;
    return d > limit ? far : d < -limit ? -far : d / near;
  };
  return detail::binary(
      op, input, target,
      [=](Real x, Real t) {
        const Real d = x - t, size = d < 0 ? -d : d;
        return size <= limit ? Real(0.5) * d * d / near : far * (size - Real(0.5) * limit);
      },
      [=](Real x, Real t, Real dy) { return dy * gradient(x, t); },
      [=](Real x, Real t, Real dy) { return -dy * gradient(x, t); });
}

/// w log(1 + exp(-x)), the loss of a positive whose logit is x, and 0 where w is 0, whatever x is. With m = max(-x, 0)
/// the logarithm is m + log(1 + exp(-|x|)), where nothing overflows.
Tensor logistic_loss(Tensor x, Tensor w) {
  const auto softplus = [](Real x) { return (x < 0 ? -x : Real(0)) + std::log1p(std::exp(x < 0 ? x : -x)); };
  return detail::binary(
      "logistic_loss", x, w, [=](Real x, Real w) { return w == 0 ? Real(0) : w * softplus(x); },
      [](Real x, Real w, Real dy) { return -dy * w * sigmoid_approx(-x); },  // dx += -dy w σ(-x)
      [=](Real x, Real, Real dy) { return dy * softplus(x); });
}

/// The losses times their weights, which are constant and stretch nothing.
Tensor weighted(const char* op, Tensor losses, Tensor weight, Reduction reduction) {
  if (weight) {
    detail::require_constant(op, weight, "weight");
    if (broadcast(op, losses.shape(), weight.shape()) != losses.shape()) {
      fail("{}: weight does not fit: the losses are {}, weight is {}; need one that broadcasts to the losses", op,
           losses.shape(), weight.shape());
    }
    losses = losses * weight;
  }
  return reduce(op, losses, reduction);
}

}

Tensor mse_loss(Tensor input, Tensor target, Reduction reduction) {
  return reduce("mse_loss", square(input - target), reduction);
}

Tensor l1_loss(Tensor input, Tensor target, Reduction reduction) {
  const auto sign = [](Real d) { return d > 0 ? Real(1) : d < 0 ? Real(-1) : d * 0; };
  const Tensor losses = detail::binary(
      "l1_loss", input, target, [](Real x, Real t) { return x < t ? t - x : x - t; },
      [=](Real x, Real t, Real dy) { return dy * sign(x - t); },
      [=](Real x, Real t, Real dy) { return -dy * sign(x - t); });
  return reduce("l1_loss", losses, reduction);
}

Tensor huber_loss(Tensor input, Tensor target, Real delta, Reduction reduction) {
  if (!(delta > 0)) fail("huber_loss: bad delta: {}; need more than 0", delta);
  return reduce("huber_loss", huber("huber_loss", input, target, delta, 1, delta), reduction);
}

Tensor smooth_l1_loss(Tensor input, Tensor target, Real beta, Reduction reduction) {
  if (!(beta >= 0)) fail("smooth_l1_loss: bad beta: {}; need 0 or more", beta);
  if (beta == 0) return l1_loss(input, target, reduction);
  return reduce("smooth_l1_loss", huber("smooth_l1_loss", input, target, beta, beta, 1), reduction);
}

Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, const BinaryCrossEntropyOptions& options) {
  constexpr const char* kOp = "binary_cross_entropy_with_logits";
  // log σ(x) = -log(1 + exp(-x)), and 1 - σ(x) = σ(-x)
  Tensor positives = logistic_loss(input, target);
  if (options.pos_weight) positives = weighted(kOp, positives, options.pos_weight, Reduction::None);
  return weighted(kOp, positives + logistic_loss(-input, 1 - target), options.weight, options.reduction);
}

Tensor binary_cross_entropy(Tensor input, Tensor target, const BinaryCrossEntropyOptions& options) {
  constexpr const char* kOp = "binary_cross_entropy";
  if (options.pos_weight) fail("{}: pos_weight is for logits only; need binary_cross_entropy_with_logits", kOp);
  for (std::size_t i = 0; i < input.size(); ++i) {
    const Real p = std::as_const(input).value()[i];
    if (!(p >= 0 && p <= 1)) fail("{}: no probability: number {} of input is {}; need 0 to 1", kOp, i, p);
  }
  const auto log_p = [](Real p) { return std::max(std::log(p), Real(-100)); };
  const auto log_rest = [](Real p) { return std::max(std::log1p(-p), Real(-100)); };
  const Tensor losses = detail::binary(
      kOp, input, target, [=](Real p, Real t) { return (t - 1) * log_rest(p) - t * log_p(p); },
      [](Real p, Real t, Real dy) { return dy * (p - t) / std::max(p * (1 - p), Real(1e-12)); },
      [=](Real p, Real, Real dy) { return dy * (log_rest(p) - log_p(p)); });
  return weighted(kOp, losses, options.weight, options.reduction);
}

namespace {

/// t (log t - x): 0 where t is 0, whatever x is.
Tensor divergence(Tensor input, Tensor target) {
  return detail::binary(
      "kl_divergence", input, target, [](Real x, Real t) { return t == 0 ? Real(0) : t * (std::log(t) - x); },
      [](Real, Real t, Real dy) { return -dy * t; },
      [](Real x, Real t, Real dy) { return t == 0 ? Real(0) : dy * (std::log(t) + 1 - x); });
}

/// exp(t) (t - x): 0 where exp(t) is 0, whatever x is.
Tensor divergence_of_logs(Tensor input, Tensor target) {
  return detail::binary(
      "kl_divergence_of_logs", input, target,
      [](Real x, Real t) { return std::exp(t) == 0 ? Real(0) : std::exp(t) * (t - x); },
      [](Real, Real t, Real dy) { return -dy * std::exp(t); },
      [](Real x, Real t, Real dy) { return std::exp(t) == 0 ? Real(0) : dy * std::exp(t) * (t - x + 1); });
}

}

Tensor kl_divergence(Tensor input, Tensor target, Reduction reduction, bool log_target) {
  return reduce("kl_divergence", log_target ? divergence_of_logs(input, target) : divergence(input, target), reduction);
}

Tensor nll_loss(Tensor input, std::span<const int> targets, const NllOptions& options) {
  const detail::ClassAxis axis("nll_loss", "input", input.shape(), targets.size());
  CrossEntropyOptions{.ignored = options.ignored}.check("nll_loss", targets, axis.C);
  detail::require_class_weights("nll_loss", options.weight, axis.C);
  Tensor losses = output(axis.rest, {input});
  Real* const weights = Tape::active().arena().allocate(targets.size());
  double total = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const bool counts = targets[i] != options.ignored;
    weights[i] = !counts ? 0 : options.weight ? options.weight.value()[targets[i]] : 1;
    total += weights[i];
    losses.value()[i] = weights[i] == 0 ? 0 : -weights[i] * std::as_const(input).value()[axis.place(i, targets[i])];
  }
  record("nll_loss", losses, [=, targets = Tape::active().arena().copy(targets)] {
    const Array dx = accumulator(input);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (weights[i] != 0) dx[axis.place(i, targets[i])] -= weights[i] * losses.grad()[i];  // dx[t] += -w[t] dl
    }
  });
  if (options.reduction == Reduction::None) return losses;
  return options.reduction == Reduction::Sum ? sum(losses) : sum(losses) / static_cast<Real>(total == 0 ? 1 : total);
}

Tensor one_hot(std::span<const int> index, int classes) {
  const int needed = index.empty() ? 0 : *std::ranges::max_element(index) + 1;
  if (classes == -1) classes = std::max(needed, 0);
  if (classes < 0) fail("one_hot: bad number of classes: {}; need 0 or more, or -1 to count them", classes);
  const int N = static_cast<int>(index.size());
  Tensor y = full({N, classes}, 0);
  for (int i = 0; i < N; ++i) {
    if (index[i] < 0 || index[i] >= classes) {
      fail("one_hot: no such class: index[{}] is {}; need 0 <= index < {}", i, index[i], classes);
    }
    y.value().row(i)[index[i]] = 1;
  }
  return y;
}

}
