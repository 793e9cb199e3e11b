#include "ops/convolution/pooling.h"

#include <limits>
#include <tuple>

#include "ops/gradients.h"
#include "ops/kernels/pooling.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

Patches patches_of(const char* op, Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, Pair dilation,
                   bool ceil_mode) {
  if (x.rank() < 2) fail("{}: no planes: x is {}; need (…, H, W)", op, x.shape());
  if (padding.height > kernel.height / 2 || padding.width > kernel.width / 2) {
    fail("{}: bad padding: ({}, {}) of kernel ({}, {}); need at most half of it", op, padding.height, padding.width,
         kernel.height, kernel.width);
  }
  return Patches(op, x.shape(), kernel, stride.value_or(kernel), padding, dilation, ceil_mode);
}

Shape pooled(const Shape& x, const Patches& patches) {
  return x.with(-2, patches.count.height).with(-1, patches.count.width);
}

/// (…, L) as pictures of one line, and back.
template <class Pool>
Tensor along_one_axis(const char* op, Tensor x, Pool pool) {
  if (x.rank() < 1 || x.rank() >= Shape::kMaxRank) {
    fail("{}: no sequences: x is {}; need (…, L), with at most {} axes", op, x.shape(), Shape::kMaxRank - 1);
  }
  int dims[Shape::kMaxRank];
  const int rank = x.rank();
  std::copy(x.shape().begin(), x.shape().end(), dims);
  dims[rank] = std::exchange(dims[rank - 1], 1);
  const Tensor y = pool(reshape(x, std::span<const int>(dims, static_cast<std::size_t>(rank) + 1)));
  dims[rank - 1] = y.dim(-1);
  return reshape(y, std::span<const int>(dims, static_cast<std::size_t>(rank)));
}

/// Maxima of patches, with their places in the plane as memory of the tape.
struct Pooled {
  Tensor values;
  std::span<const int> places;
};

Pooled max_pool(Tensor x, const Patches& patches) {
  const std::size_t size = patches.size(), plane = patches.plane_size();
  if (plane > std::size_t(std::numeric_limits<int>::max())) {
    fail("max_pool: the planes are too large: x is {}; need fewer than 2^31 numbers each", x.shape());
  }
  Tensor y = output(pooled(x.shape(), patches), {x}, nullptr, "max_pool");
  const std::span places = Tape::active().arena().make_array(y.size(), [](std::size_t) { return -1; });
  // A patch may meet nothing but padding.
  kernels::fill(-std::numeric_limits<Real>::infinity(), y.value().data, y.size());
  for (std::size_t out = 0, in = 0; out < y.size(); out += size, in += plane) {
    const Real* const numbers = std::as_const(x).value().data + in;
    Real* const largest = y.value().data + out;
    patches.each_run([&](std::size_t, std::size_t patch, std::size_t at, std::size_t n) {
      kernels::keep_larger(numbers, static_cast<int>(at), patches.stride.width, largest + patch, &places[out + patch],
                           n);
    });
  }
  record("max_pool", y, [=] {
    const Real* const dy = y.grad().data;
    Real* dx = accumulator(x).data;
    for (std::size_t out = 0; out < places.size(); out += size, dx += plane) {
      for (std::size_t i = out; i < out + size; ++i) {
        if (places[i] >= 0) dx[places[i]] += dy[i];  // dx[argmax] += dy
      }
    }
  });
  return {y, places};
}

/// How many numbers of the plane and its padding a patch has; the last ones may reach beyond both.
Real numbers_with_padding(const Patches& patches, std::size_t patch) {
  const auto along = [](std::size_t i, int length, int kernel, int stride, int padding) {
    const long begin = long(i) * stride - padding;
    return std::min(begin + kernel, long(length) + padding) - begin;
  };
  const auto& [plane, kernel, stride, padding] =
      std::tie(patches.plane, patches.kernel, patches.stride, patches.padding);
  const std::size_t row = patch / patches.count.width, column = patch % patches.count.width;
  return static_cast<Real>(along(row, plane.height, kernel.height, stride.height, padding.height) *
                           along(column, plane.width, kernel.width, stride.width, padding.width));
}

Tensor avg_pool(const char* op, Tensor x, const Patches& patches, bool count_include_pad,
                std::optional<int> divisor = {}) {
  if (divisor == 0) fail("{}: the divisor is 0; need another number", op);
  Tensor y = output(pooled(x.shape(), patches), {x}, nullptr, op);
  const std::size_t size = patches.size(), plane = patches.plane_size();
  Real* const counts = Tape::active().arena().allocate(size);  // what the sum of each patch is divided by
  if (divisor) {
    kernels::fill(static_cast<Real>(*divisor), counts, size);
  } else if (count_include_pad) {
    for (std::size_t i = 0; i < size; ++i) counts[i] = numbers_with_padding(patches, i);
  } else {
    kernels::fill(0, counts, size);
    patches.each([=](std::size_t, std::size_t patch, std::size_t) { counts[patch] += 1; });
  }
  kernels::fill(0, y.value().data, y.size());
  for (std::size_t out = 0, in = 0; out < y.size(); out += size, in += plane) {
    Real* const means = y.value().data + out;
    const Real* const numbers = std::as_const(x).value().data + in;
    patches.each([=](std::size_t, std::size_t patch, std::size_t at) { means[patch] += numbers[at]; });
    for (std::size_t i = 0; i < size; ++i) means[i] /= counts[i];
  }
  record(op, y, [=] {
    const Array dx = accumulator(x);
    for (std::size_t out = 0, in = 0; out < y.size(); out += size, in += plane) {
      const Real* const dy = y.grad().data + out;
      Real* const numbers = dx.data + in;
      patches.each([=](std::size_t, std::size_t patch, std::size_t at) {
        numbers[at] += dy[patch] / counts[patch];  // dx += dy / count
      });
    }
  });
  return y;
}

Pair line(int width) { return {1, width}; }
std::optional<Pair> line(std::optional<int> width) { return width ? std::optional(Pair(1, *width)) : std::nullopt; }

}

namespace {

Pooled max_pool2d_places(Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, Pair dilation,
                         bool ceil_mode) {
  return max_pool(x, patches_of("max_pool2d", x, kernel, stride, padding, dilation, ceil_mode));
}

Pooled max_pool1d_places(Tensor x, int kernel, std::optional<int> stride, int padding, int dilation, bool ceil_mode) {
  Pooled result;
  result.values = along_one_axis("max_pool1d", x, [&](Tensor x) {
    result =
        max_pool(x, patches_of("max_pool1d", x, line(kernel), line(stride), {0, padding}, line(dilation), ceil_mode));
    return result.values;
  });
  return result;
}

Maxima maxima(const Pooled& pooled) { return {pooled.values, {pooled.places.begin(), pooled.places.end()}}; }

}

Tensor max_pool2d(Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, Pair dilation, bool ceil_mode) {
  return max_pool2d_places(x, kernel, stride, padding, dilation, ceil_mode).values;
}

Tensor max_pool1d(Tensor x, int kernel, std::optional<int> stride, int padding, int dilation, bool ceil_mode) {
  return max_pool1d_places(x, kernel, stride, padding, dilation, ceil_mode).values;
}

Maxima max_pool2d_with_indices(Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, Pair dilation,
                               bool ceil_mode) {
  return maxima(max_pool2d_places(x, kernel, stride, padding, dilation, ceil_mode));
}

Maxima max_pool1d_with_indices(Tensor x, int kernel, std::optional<int> stride, int padding, int dilation,
                               bool ceil_mode) {
  return maxima(max_pool1d_places(x, kernel, stride, padding, dilation, ceil_mode));
}

Tensor avg_pool2d(Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, bool ceil_mode,
                  bool count_include_pad, std::optional<int> divisor) {
  return avg_pool("avg_pool", x, patches_of("avg_pool2d", x, kernel, stride, padding, 1, ceil_mode), count_include_pad,
                  divisor);
}

Tensor avg_pool1d(Tensor x, int kernel, std::optional<int> stride, int padding, bool ceil_mode,
                  bool count_include_pad) {
  return along_one_axis("avg_pool1d", x, [&](Tensor x) {
    return avg_pool("avg_pool", x, patches_of("avg_pool1d", x, line(kernel), line(stride), {0, padding}, 1, ceil_mode),
                    count_include_pad);
  });
}

}
