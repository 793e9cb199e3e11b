#include "ops/convolution/pooling.h"

#include <cmath>
#include <limits>
#include <tuple>

#include "ops/gradients.h"
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

Tensor max_pool(const char* op, Tensor x, const Patches& patches) {
  Tensor y = output(pooled(x.shape(), patches), {x}, nullptr, op);
  const std::size_t size = patches.size(), plane = patches.plane_size();
  std::size_t* const source = Tape::active().arena().allocate<std::size_t>(y.size());
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::fill_n(source, y.size(), kNone);
  for (std::size_t out = 0, in = 0; out < y.size(); out += size, in += plane) {
    const Real* const numbers = std::as_const(x).value().data + in;
    patches.each([&](std::size_t, std::size_t patch, std::size_t at) {
      std::size_t& best = source[out + patch];
      if (best == kNone || numbers[at] > numbers[best - in] ||
          (std::isnan(numbers[at]) && !std::isnan(numbers[best - in]))) {
        best = in + at;
      }
    });
  }
  // A dilated kernel may meet nothing but padding.
  for (std::size_t i = 0; i < y.size(); ++i) {
    y.value()[i] = source[i] == kNone ? -std::numeric_limits<Real>::infinity() : std::as_const(x).value()[source[i]];
  }
  record(op, y, [=] {
    const Array dx = accumulator(x);
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (source[i] != kNone) dx[source[i]] += y.grad()[i];  // dx[argmax] += dy
    }
  });
  return y;
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

Tensor avg_pool(const char* op, Tensor x, const Patches& patches, bool count_include_pad) {
  Tensor y = output(pooled(x.shape(), patches), {x}, nullptr, op);
  const std::size_t size = patches.size(), plane = patches.plane_size();
  Real* const counts = Tape::active().arena().allocate(size);  // what the sum of each patch is divided by
  if (count_include_pad) {
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

Tensor max_pool2d(Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, Pair dilation, bool ceil_mode) {
  return max_pool("max_pool", x, patches_of("max_pool2d", x, kernel, stride, padding, dilation, ceil_mode));
}

Tensor max_pool1d(Tensor x, int kernel, std::optional<int> stride, int padding, int dilation, bool ceil_mode) {
  return along_one_axis("max_pool1d", x, [&](Tensor x) {
    return max_pool("max_pool", x,
                    patches_of("max_pool1d", x, line(kernel), line(stride), {0, padding}, line(dilation), ceil_mode));
  });
}

Tensor avg_pool2d(Tensor x, Pair kernel, std::optional<Pair> stride, Pair padding, bool ceil_mode,
                  bool count_include_pad) {
  return avg_pool("avg_pool", x, patches_of("avg_pool2d", x, kernel, stride, padding, 1, ceil_mode), count_include_pad);
}

Tensor avg_pool1d(Tensor x, int kernel, std::optional<int> stride, int padding, bool ceil_mode,
                  bool count_include_pad) {
  return along_one_axis("avg_pool1d", x, [&](Tensor x) {
    return avg_pool("avg_pool", x, patches_of("avg_pool1d", x, line(kernel), line(stride), {0, padding}, 1, ceil_mode),
                    count_include_pad);
  });
}

}
