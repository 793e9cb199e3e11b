#include "ops/softmax.h"

#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/layout.h"
#include "ops/masking.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using detail::copy_masked;

void require_rows(const char* op, Tensor x) {
  if (x.rank() == 0) fail("{}: x is a scalar; need at least one axis", op);
}

/// Calls visit(pointers to row i of each array) for all rows; the arrays have one shape.
template <class Visit, class First, class... Others>
void each_row(Visit visit, const First& x, const Others&... others) {
  const std::size_t n = x.cols();
  for (std::size_t i = 0; i < x.size(); i += n) visit(x.data + i, others.data + i...);
}

void record_softmax(Tensor x, Tensor y) {
  record("softmax", y, [=] {
    const std::size_t n = y.dim(-1);
    each_row([=](const Real* y, const Real* dy, Real* dx) { kernels::add_softmax_gradient(y, dy, dx, n); }, y.value(),
             y.grad(), accumulator(x));
  });
}

void record_log_softmax(Tensor x, Tensor y) {
  record("log_softmax", y, [=] {
    const std::size_t n = y.dim(-1);
    each_row([=](const Real* y, const Real* dy, Real* dx) { kernels::add_log_softmax_gradient(y, dy, dx, n); },
             y.value(), y.grad(), accumulator(x));
  });
}

}

Tensor softmax(Tensor x) {
  require_rows("softmax", x);
  Tensor y = output(x.shape(), {x});
  each_row([n = x.dim(-1)](const Real* x, Real* y) { kernels::softmax_row(x, y, n); }, x.value(), y.value());
  record_softmax(x, y);
  return y;
}

Tensor softmax(Tensor x, Tensor mask) {
  require_rows("softmax", x);
  Tensor y = output(x.shape(), {x});
  copy_masked("softmax", x.value(), mask, y.value());
  each_row([n = x.dim(-1)](Real* y) { kernels::softmax_row(y, y, n); }, y.value());
  record_softmax(x, y);
  return y;
}

Tensor softmax(Tensor x, std::span<const int> lengths) {
  if (x.rank() != 2 || lengths.size() < static_cast<std::size_t>(x.dim(0))) {
    fail("softmax: lengths do not fit: x is {}, lengths has {}; need x (N, n) and N lengths or more", x.shape(),
         lengths.size());
  }
  const int rows = x.dim(0), n = x.dim(1);
  Tensor y = output(x.shape(), {x});
  for (int i = 0; i < rows; ++i) {
    if (lengths[i] < 0 || lengths[i] > n) {
      fail("softmax: bad length: lengths[{}] is {}, x is {}; need 0 <= length <= {}", i, lengths[i], x.shape(), n);
    }
    Real* const row = y.value().row(i);
    kernels::softmax_row(x.value().row(i), row, lengths[i]);
    kernels::fill(0, row + lengths[i], n - lengths[i]);
  }
  record("softmax", y, [=, lengths = Tape::active().arena().copy(lengths.first(rows))] {
    const Array dx = accumulator(x);
    for (int i = 0; i < rows; ++i) {
      kernels::add_softmax_gradient(y.value().row(i), y.grad().row(i), dx.row(i), lengths[i]);
    }
  });
  return y;
}

Tensor log_softmax(Tensor x) {
  require_rows("log_softmax", x);
  Tensor y = output(x.shape(), {x});
  each_row([n = x.dim(-1)](const Real* x, Real* y) { kernels::log_softmax_row(x, y, n); }, x.value(), y.value());
  record_log_softmax(x, y);
  return y;
}

Tensor log_softmax(Tensor x, Tensor mask) {
  require_rows("log_softmax", x);
  Tensor y = output(x.shape(), {x});
  copy_masked("log_softmax", x.value(), mask, y.value());
  each_row([n = x.dim(-1)](Real* y) { kernels::log_softmax_row(y, y, n); }, y.value());
  record_log_softmax(x, y);
  return y;
}

namespace {

/// The op along the last axis, along another one. A scalar counts as one axis of length 1.
Tensor along(Tensor (*op)(Tensor), Tensor x, int axis) {
  if (x.rank() == 0) return reshape(along(op, reshape(x, {1}), axis), {});
  return transpose(op(transpose(x, axis, -1)), axis, -1);
}

}

Tensor softmax(Tensor x, int axis) { return along(softmax, x, axis); }
Tensor log_softmax(Tensor x, int axis) { return along(log_softmax, x, axis); }

}
