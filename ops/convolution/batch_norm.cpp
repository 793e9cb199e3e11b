#include "ops/convolution/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "ops/gradients.h"
#include "ops/kernels/batch_norm.h"
#include "ops/kernels/elementwise.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// x seen as (N, C, S).
kernels::Channels channels_of(Tensor x, std::span<Real> running_mean, std::span<Real> running_var, Tensor weight,
                              Tensor bias, bool training) {
  if (x.rank() < 2) fail("batch_norm: no channels: x is {}; need (N, C) or (N, C, …)", x.shape());
  const auto C = static_cast<std::size_t>(x.dim(1));
  kernels::Channels channels{static_cast<std::size_t>(x.dim(0)), C, 1};
  for (int axis = 2; axis < x.rank(); ++axis) channels.S *= static_cast<std::size_t>(x.dim(axis));
  for (const Tensor& parameter : {weight, bias}) {
    if (!parameter || parameter.shape() == Shape{x.dim(1)}) continue;
    fail("batch_norm: sizes differ: x is {}, a weight or bias is {}; need ({})", x.shape(), parameter.shape(), C);
  }
  if (running_mean.size() != running_var.size() || (running_mean.size() != C && !(training && running_mean.empty()))) {
    fail("batch_norm: running statistics do not fit: {} means and {} variances, x is {}; need {} each{}",
         running_mean.size(), running_var.size(), x.shape(), C, training ? ", or none" : "");
  }
  if (training && channels.N * channels.S == 1) {
    fail("batch_norm: one number a channel: x is {}; need more in training", x.shape());
  }
  return channels;
}

/// Numbers of an optional parameter, or `value` for each channel.
const Real* numbers_or(Real value, Tensor parameter, std::size_t C, Scratch& scratch) {
  if (parameter) return std::as_const(parameter).value().data;
  Real* const numbers = scratch.allocate(C);
  kernels::fill(value, numbers, C);
  return numbers;
}

}

Tensor batch_norm(Tensor x, std::span<Real> running_mean, std::span<Real> running_var, Tensor weight, Tensor bias,
                  bool training, Real momentum, Real epsilon) {
  const kernels::Channels channels = channels_of(x, running_mean, running_var, weight, bias, training);
  if (!(epsilon >= 0)) fail("batch_norm: bad epsilon: {}; need 0 or more", epsilon);
  if (!(momentum >= 0 && momentum <= 1)) fail("batch_norm: bad momentum: {}; need 0 to 1", momentum);
  Scratch scratch;
  Tensor y = output(x.shape(), detail::inputs_given({x, weight, bias}, scratch));
  const std::size_t C = channels.C;
  const double count = static_cast<double>(channels.N * channels.S);  // of numbers a channel
  Real* const normal = Tape::active().arena().allocate(x.size());     // x̂
  Real* const inverse = Tape::active().arena().allocate(C);           // 1/σ
  const Real* const in = std::as_const(x).value().data;
  double *const mean = scratch.allocate<double>(C), *const variance = scratch.allocate<double>(C);
  if (training) {
    kernels::channel_sums(channels, in, mean);
    for (std::size_t c = 0; c < C; ++c) mean[c] /= std::max(count, 1.0);
    kernels::channel_square_sums(channels, in, mean, variance);
    for (std::size_t c = 0; c < C; ++c) {
      if (!running_mean.empty() && count > 0) {
        running_mean[c] = static_cast<Real>((1 - momentum) * running_mean[c] + momentum * mean[c]);
        running_var[c] = static_cast<Real>((1 - momentum) * running_var[c] + momentum * (variance[c] / (count - 1)));
      }
      variance[c] /= std::max(count, 1.0);
    }
  } else {
    std::ranges::copy(running_mean, mean);
    std::ranges::copy(running_var, variance);
  }
  double* const factor = variance;
  for (std::size_t c = 0; c < C; ++c) inverse[c] = static_cast<Real>(factor[c] = 1 / std::sqrt(variance[c] + epsilon));
  kernels::normalize_channels(channels, in, mean, factor, numbers_or(1, weight, C, scratch),
                              numbers_or(0, bias, C, scratch), normal, y.value().data);
  record("batch_norm", y, [=] {
    Scratch scratch;
    const Real* const dy = y.grad().data;
    double *const sum = scratch.allocate<double>(C), *const projection = scratch.allocate<double>(C);
    kernels::channel_sums(channels, dy, sum);
    kernels::channel_dots(channels, dy, normal, projection);
    const Array dw = weight ? detail::accumulator_if_needed(weight) : Array{};
    const Array db = bias ? detail::accumulator_if_needed(bias) : Array{};
    for (std::size_t c = 0; dw.data && c < C; ++c) dw[c] += static_cast<Real>(projection[c]);  // dw += Σ dy ∘ x̂
    for (std::size_t c = 0; db.data && c < C; ++c) db[c] += static_cast<Real>(sum[c]);         // db += Σ dy
    // Running statistics are constants; those of the batch move with x: dx += w/σ (dy - mean dy - x̂ mean(dy ∘ x̂))
    const Real* const w = numbers_or(1, weight, C, scratch);
    Real *const factor = scratch.allocate(C), *const mean = scratch.allocate(C), *const slope = scratch.allocate(C);
    for (std::size_t c = 0; c < C; ++c) {
      factor[c] = w[c] * inverse[c];
      mean[c] = static_cast<Real>(training ? sum[c] / count : 0);
      slope[c] = static_cast<Real>(training ? projection[c] / count : 0);
    }
    detail::accumulate(x, [&](Real* dx) { kernels::channel_gradients(channels, dy, normal, factor, mean, slope, dx); });
  });
  return y;
}

}
