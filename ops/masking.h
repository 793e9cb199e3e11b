#pragma once

#include <limits>

#include "ops/broadcast.h"

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

constexpr Real kMinusInfinity = -std::numeric_limits<Real>::infinity();

/// Throws for a mask, or another tensor of that name, that waits for a gradient: ops pass none to theirs.
inline void require_constant(const char* op, Tensor mask, const char* name = "mask") {
  if (!mask.needs_grad()) return;
  fail("{}: the {} needs a gradient (it was made by {}), and gets none", op, name, mask.node().op);
}

/// y = x where the mask, which broadcasts to x, is not 0, and -inf elsewhere.
inline void copy_masked(const char* op, const ConstArray& x, Tensor constant_mask, const Array& y) {
  require_constant(op, constant_mask);
  const ConstArray mask = constant_mask.value();
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
