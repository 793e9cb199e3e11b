#include "nn/convolution/batch_norm.h"

#include "ops/convolution/batch_norm.h"

namespace gradus::inline GRADUS_PRECISION {

BatchNorm::BatchNorm(Module* parent, std::string name, int channels, const BatchNormOptions& options)
    : Module(parent, std::move(name)), options(options) {
  if (options.affine) {
    weight.emplace(this, "weight", Shape{channels}, init::constant(1));
    bias.emplace(this, "bias", Shape{channels});
  }
  if (options.track_running_stats) {
    running_mean.emplace(this, "running_mean", Shape{channels});
    running_var.emplace(this, "running_var", Shape{channels}, Real(1));
    num_batches_tracked.emplace(this, "num_batches_tracked", Shape{});
  }
}

Tensor BatchNorm::normalize(Tensor x) {
  const auto numbers = [](std::optional<Buffer>& buffer) {
    return buffer ? std::span(buffer->value().data, buffer->size()) : std::span<Real>();
  };
  const Tensor w = tensor_if_any(weight), b = tensor_if_any(bias);
  const bool by_batch = training() || !options.track_running_stats;
  const Tensor y =
      batch_norm(x, numbers(running_mean), numbers(running_var), w, b, by_batch, options.momentum, options.epsilon);
  if (training() && num_batches_tracked) num_batches_tracked->value()[0] += 1;
  return y;
}

BatchNorm1d::BatchNorm1d(Module* parent, std::string name, int channels, const BatchNormOptions& options)
    : BatchNorm(parent, std::move(name), channels, options) {}

Tensor BatchNorm1d::operator()(Tensor x) {
  const ModulePath here(path());
  if (x.rank() != 2 && x.rank() != 3) fail("batch_norm: x is {}; need (N, C) or (N, C, L)", x.shape());
  return normalize(x);
}

BatchNorm2d::BatchNorm2d(Module* parent, std::string name, int channels, const BatchNormOptions& options)
    : BatchNorm(parent, std::move(name), channels, options) {}

Tensor BatchNorm2d::operator()(Tensor x) {
  const ModulePath here(path());
  if (x.rank() != 4) fail("batch_norm: x is {}; need (N, C, H, W)", x.shape());
  return normalize(x);
}

}
