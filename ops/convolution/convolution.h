#pragma once

#include "autograd/tape.h"
#include "ops/convolution/patches.h"

namespace gradus::inline GRADUS_PRECISION {

/// y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c], where w ⋆ x is the sum of the products of the kernel with each patch of the
/// plane (a cross-correlation, as everywhere; LeCun et al. 1989). Outside of the plane are `padding` zeros on each
/// side, or `Padding::Same`; patches are `stride` apart, and the numbers of a patch `dilation`. With groups the
/// channels are split into as many parts that see nothing of each other.
///
/// x: (N, C, H, W) or (C, H, W), weight: (O, C / groups, KH, KW), bias: (O) or an empty handle -> (N, O, H', W'), with
/// H' = (H + 2 padding - dilation (KH - 1) - 1) / stride + 1, rounded down
Tensor conv2d(Tensor x, Tensor weight, Tensor bias = {}, Pair stride = 1, Padding padding = 0, Pair dilation = 1,
              int groups = 1);

/// A convolution along one axis.   x: (N, C, L) or (C, L), weight: (O, C / groups, K), bias: (O) -> (N, O, L');
/// of the padding the width counts
Tensor conv1d(Tensor x, Tensor weight, Tensor bias = {}, int stride = 1, Padding padding = 0, int dilation = 1,
              int groups = 1);

}
