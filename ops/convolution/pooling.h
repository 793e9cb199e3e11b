#pragma once

#include <optional>

#include "autograd/tape.h"
#include "ops/convolution/patches.h"

/// One number for each patch of each plane. Patches are a kernel apart, unless a stride is given; padding is at most
/// half a kernel. With `ceil_mode` there is a patch for what is left at the end, too.   x: (…, H, W) -> (…, H', W'), or
/// (…, L) -> (…, L'), as of a convolution

namespace gradus::inline GRADUS_PRECISION {

/// The largest number of each patch, of which padding is none. NaN counts as larger than any number; the gradient goes
/// to the first of equal maxima. Planes have fewer than 2^31 numbers.
Tensor max_pool2d(Tensor x, Pair kernel, std::optional<Pair> stride = {}, Pair padding = 0, Pair dilation = 1,
                  bool ceil_mode = false);
Tensor max_pool1d(Tensor x, int kernel, std::optional<int> stride = {}, int padding = 0, int dilation = 1,
                  bool ceil_mode = false);

/// The largest numbers, and where in its plane, (H, W) or (L), each stands: row · W + column, or -1 of a patch of
/// padding alone.
struct Maxima {
  Tensor values;             ///< (…, H', W') or (…, L')
  std::vector<int> indices;  ///< in the order of the values
};
/// `max_pool2d` and `max_pool1d`, with the places of the maxima.
Maxima max_pool2d_with_indices(Tensor x, Pair kernel, std::optional<Pair> stride = {}, Pair padding = 0,
                               Pair dilation = 1, bool ceil_mode = false);
Maxima max_pool1d_with_indices(Tensor x, int kernel, std::optional<int> stride = {}, int padding = 0, int dilation = 1,
                               bool ceil_mode = false);

/// The mean of each patch, in which padding counts as zeros, or not at all; or its sum by a divisor that is not 0.
Tensor avg_pool2d(Tensor x, Pair kernel, std::optional<Pair> stride = {}, Pair padding = 0, bool ceil_mode = false,
                  bool count_include_pad = true, std::optional<int> divisor = {});
Tensor avg_pool1d(Tensor x, int kernel, std::optional<int> stride = {}, int padding = 0, bool ceil_mode = false,
                  bool count_include_pad = true);

}
