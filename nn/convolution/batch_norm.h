#pragma once

#include <optional>

#include "nn/module.h"

namespace gradus::inline GRADUS_PRECISION {

/// What a batch norm has besides its size.
struct BatchNormOptions {
  Real epsilon = Real(1e-5), momentum = Real(0.1);  ///< added to variances; the share of the new statistics
  bool affine = true;                               ///< with a scale and a shift of each channel
  bool track_running_stats = true;                  ///< else evaluation, too, normalises by the batch
};

/// Normalisation of each channel, by the batch in training mode, by running statistics in evaluation mode (`batch_norm`
/// in ops/convolution/batch_norm.h). A batch is what one call gets: shards of a parallel step (nn/parallel) would each
/// normalise by themselves and write the statistics at once, so it is for steps of one shard.
class BatchNorm : public Module {
 public:
  BatchNorm(Module* parent, std::string name, int channels, const BatchNormOptions& options);

  BatchNormOptions options;                   ///< those of the constructor
  std::optional<Parameter> weight, bias;      ///< (channels), ones and zeros at first
  std::optional<Buffer> running_mean;         ///< (channels), zeros at first
  std::optional<Buffer> running_var;          ///< (channels), ones at first
  std::optional<Buffer> num_batches_tracked;  ///< ()

 protected:
  Tensor normalize(Tensor x);  ///< `batch_norm` with these members
};

/// Batch normalisation of vectors and sequences.   x: (N, channels) or (N, channels, L)
struct BatchNorm1d : BatchNorm {
  BatchNorm1d(Module* parent, std::string name, int channels, const BatchNormOptions& options = {});
  Tensor operator()(Tensor x);
};

/// Batch normalisation of pictures.   x: (N, channels, H, W)
struct BatchNorm2d : BatchNorm {
  BatchNorm2d(Module* parent, std::string name, int channels, const BatchNormOptions& options = {});
  Tensor operator()(Tensor x);
};

}
