#pragma once

#include <limits>

#include "ops/broadcast.h"

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

constexpr Real kMinusInfinity = -std::numeric_limits<Real>::infinity();

/// y = x where the mask, which broadcasts to x, is not 0, and -inf elsewhere.
inline void copy_masked(const char* op, const Array& x, Tensor mask_tensor, const Array& y) {
  if (mask_tensor.needs_grad())
    fail("{}: the mask needs a gradient (it was made by {}), and gets none", op, mask_tensor.node().op);
  const Array mask = mask_tensor.value();
  const Broadcast rows(op, x.shape, mask.shape);
  if (rows.shape() != x.shape) {
    fail("{}: mask does not fit: x is {}, mask is {}; need a mask that broadcasts to x", op, x.shape, mask.shape);
  }
  rows.each_row([&](const Broadcast::Row& row) {
    for (std::size_t i = 0; i < row.size; ++i) {
      y[row.begin + i] = mask[row.b.begin + i * row.b.step] != 0 ? x[row.begin + i] : kMinusInfinity;
    }
  });
}

}
}
