#include "ops/arrange/sort.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/scratch.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// The first k of the numbers along an axis, in order: their places in x, and along the axis.
struct Order {
  Shape shape;
  std::span<std::size_t> sources;
  std::vector<int> indices;

  Order(const ConstArray& x, int axis, int k, bool descending) : shape(x.shape.with(axis, k)) {
    const std::size_t n = x.shape[axis];
    std::size_t inner = 1;
    for (int i = axis + 1; i < x.shape.rank(); ++i) inner *= static_cast<std::size_t>(x.shape[i]);
    indices.resize(shape.size());
    sources = Tape::active().arena().copy(std::span<const std::size_t>(std::vector<std::size_t>(shape.size())));
    Scratch scratch;
    int* const order = scratch.allocate<int>(n);
    for (std::size_t lane = 0; k > 0 && lane < indices.size() / k; ++lane) {
      const std::size_t o = lane / inner, j = lane % inner;
      const Real* const numbers = x.data + o * n * inner + j;
      const auto is_before = [=](int a, int b) {
        const Real first = numbers[(descending ? b : a) * inner], second = numbers[(descending ? a : b) * inner];
        if (std::isnan(first) || std::isnan(second)) return !std::isnan(first);
        return first < second;
      };
      std::iota(order, order + n, 0);
      std::stable_sort(order, order + n, is_before);
      for (int r = 0; r < k; ++r) {
        const std::size_t place = (o * k + r) * inner + j;
        indices[place] = order[r];
        sources[place] = (o * n + order[r]) * inner + j;
      }
    }
  }
};

Tensor with_axis(Tensor x) { return x.rank() == 0 ? reshape(x, {1}) : x; }

Sorted sorted(const char* name, Tensor x, int axis, int k, bool descending) {
  Order order(x.value(), axis, k, descending);
  return {detail::take(name, x, order.shape, order.sources.data()), std::move(order.indices)};
}

}

Sorted sort(Tensor x, int axis, bool descending) {
  const Tensor rows = with_axis(x);
  axis = rows.shape().index(axis, "sort");
  Sorted result = sorted("sort", rows, axis, rows.dim(axis), descending);
  if (x.rank() == 0) result.values = reshape(result.values, {});
  return result;
}

std::vector<int> argsort(Tensor x, int axis, bool descending) {
  const Tensor rows = with_axis(x);
  axis = rows.shape().index(axis, "argsort");
  return Order(rows.value(), axis, rows.dim(axis), descending).indices;
}

Sorted topk(Tensor x, int k, int axis, bool largest) {
  const Tensor rows = with_axis(x);
  axis = rows.shape().index(axis, "topk");
  if (k < 0 || k > rows.dim(axis)) {
    fail("topk: bad k: {} on axis {} of x, which is {}; need 0 <= k <= {}", k, axis, x.shape(), rows.dim(axis));
  }
  Sorted result = sorted("topk", rows, axis, k, largest);
  if (x.rank() == 0 && k == 1) result.values = reshape(result.values, {});
  return result;
}

}
