#include "ops/convolution/batch_norm.h"

#include <cmath>

#include "ops/gradients.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// x seen as (N, C, S): where the numbers of a channel are.
struct Channels {
  int N, C;
  std::size_t S;

  std::size_t count() const { return N * S; }  ///< of numbers a channel
  /// Calls visit(i) for each number of a channel.
  template <class Visit>
  void each(int c, Visit visit) const {
    for (int n = 0; n < N; ++n) {
      const std::size_t begin = (std::size_t(n) * C + c) * S;
      for (std::size_t i = begin; i < begin + S; ++i) visit(i);
    }
  }
};

Channels channels_of(Tensor x, std::span<Real> running_mean, std::span<Real> running_var, Tensor weight, Tensor bias,
                     bool training) {
  if (x.rank() < 2) fail("batch_norm: no channels: x is {}; need (N, C) or (N, C, …)", x.shape());
  Channels channels{x.dim(0), x.dim(1), 1};
  for (int axis = 2; axis < x.rank(); ++axis) channels.S *= static_cast<std::size_t>(x.dim(axis));
  const std::size_t C = channels.C;
  for (const Tensor& parameter : {weight, bias}) {
    if (!parameter || parameter.shape() == Shape{channels.C}) continue;
    fail("batch_norm: sizes differ: x is {}, a weight or bias is {}; need ({})", x.shape(), parameter.shape(), C);
  }
  if (running_mean.size() != running_var.size() || (running_mean.size() != C && !(training && running_mean.empty()))) {
    fail("batch_norm: running statistics do not fit: {} means and {} variances, x is {}; need {} each{}",
         running_mean.size(), running_var.size(), x.shape(), C, training ? ", or none" : "");
  }
  if (training && channels.count() == 1) {
    fail("batch_norm: one number a channel: x is {}; need more in training", x.shape());
  }
  return channels;
}

}

Tensor batch_norm(Tensor x, std::span<Real> running_mean, std::span<Real> running_var, Tensor weight, Tensor bias,
                  bool training, Real momentum, Real epsilon) {
  const Channels channels = channels_of(x, running_mean, running_var, weight, bias, training);
  if (!(epsilon >= 0)) fail("batch_norm: bad epsilon: {}; need 0 or more", epsilon);
  if (!(momentum >= 0 && momentum <= 1)) fail("batch_norm: bad momentum: {}; need 0 to 1", momentum);
  Scratch scratch;
  Tensor y = output(x.shape(), detail::inputs_given({x, weight, bias}, scratch));
  const double count = static_cast<double>(channels.count());
  Real* const normal = Tape::active().arena().allocate(x.size());     // x̂
  Real* const inverse = Tape::active().arena().allocate(channels.C);  // 1/σ
  const auto scale = [=](int c) { return weight ? weight.value()[c] : Real(1); };
  for (int c = 0; c < channels.C; ++c) {
    const ConstArray in = std::as_const(x).value();
    double mean = 0, variance = 0;
    if (training) {
      channels.each(c, [&](std::size_t i) { mean += in[i]; });
      mean /= std::max(count, 1.0);
      channels.each(c, [&](std::size_t i) { variance += (in[i] - mean) * (in[i] - mean); });
      if (!running_mean.empty() && count > 0) {
        running_mean[c] = static_cast<Real>((1 - momentum) * running_mean[c] + momentum * mean);
        running_var[c] = static_cast<Real>((1 - momentum) * running_var[c] + momentum * (variance / (count - 1)));
      }
      variance /= std::max(count, 1.0);
    } else {
      mean = running_mean[c];
      variance = running_var[c];
    }
    const double factor = 1 / std::sqrt(variance + epsilon);
    inverse[c] = static_cast<Real>(factor);
    const Real w = scale(c), b = bias ? bias.value()[c] : 0;
    channels.each(c, [&, out = y.value()](std::size_t i) {
      normal[i] = static_cast<Real>((in[i] - mean) * factor);
      out[i] = normal[i] * w + b;
    });
  }
  record("batch_norm", y, [=] {
    const Array dx = detail::accumulator_if_needed(x);
    const Array dw = weight ? detail::accumulator_if_needed(weight) : Array{};
    const Array db = bias ? detail::accumulator_if_needed(bias) : Array{};
    const ConstArray dy = y.grad();
    for (int c = 0; c < channels.C; ++c) {
      double sum = 0, projection = 0;
      channels.each(c, [&](std::size_t i) {
        sum += dy[i];
        projection += double(dy[i]) * normal[i];
      });
      if (dw.data) dw[c] += static_cast<Real>(projection);  // dw += Σ dy ∘ x̂
      if (db.data) db[c] += static_cast<Real>(sum);         // db += Σ dy
      if (!dx.data) continue;
      // Running statistics are constants; those of the batch move with x: dx += w/σ (dy - mean dy - x̂ mean(dy ∘ x̂))
      const Real factor = scale(c) * inverse[c];
      const Real mean = static_cast<Real>(training ? sum / count : 0);
      const Real slope = static_cast<Real>(training ? projection / count : 0);
      channels.each(c, [&](std::size_t i) { dx[i] += factor * (dy[i] - mean - normal[i] * slope); });
    }
  });
  return y;
}

}
