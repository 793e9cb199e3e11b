#include "ops/sequence/packing.h"

#include <algorithm>

#include "ops/kernels/elementwise.h"

namespace gradus::inline GRADUS_PRECISION {

Packing::Packing(std::span<const int> lengths) {
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] < 1) fail("packing: bad length: lengths[{}] is {}; need at least 1", i, lengths[i]);
    if (i > 0 && lengths[i] > lengths[i - 1]) {
      fail("packing: not sorted: lengths[{}] is {}, lengths[{}] is {}; need the longest sequence first", i - 1,
           lengths[i - 1], i, lengths[i]);
    }
  }
  const int steps = lengths.empty() ? 0 : lengths.front();
  int* const offsets = Tape::active().arena().allocate<int>(steps + 1);
  offsets[0] = 0;
  int alive = static_cast<int>(lengths.size());
  for (int t = 0; t < steps; ++t) {
    while (lengths[alive - 1] <= t) --alive;
    offsets[t + 1] = offsets[t] + alive;
  }
  lengths_ = Tape::active().arena().copy(lengths);
  offsets_ = {offsets, static_cast<std::size_t>(steps) + 1};
}

Tensor pack(Tensor x, const Packing& packing) {
  if (x.rank() != 3 || x.dim(0) != packing.batch() || x.dim(1) < packing.steps()) {
    fail(
        "pack: sequences do not fit: x is {}, the packing has {} sequences of up to {} steps; need x ({}, {} or more, "
        "D)",
        x.shape(), packing.batch(), packing.steps(), packing.batch(), packing.steps());
  }
  const std::size_t S = x.dim(1), D = x.dim(2);
  const auto each_row = [=](auto visit) {
    for (int t = 0; t < packing.steps(); ++t) {
      for (int b = 0; b < packing.alive(t); ++b) visit((b * S + t) * D, packing.row(b, t) * D);
    }
  };
  Tensor y = output({packing.rows(), x.dim(2)}, {x});
  each_row([=, x = x.value(), y = y.value()](std::size_t from, std::size_t to) {
    kernels::copy(x.data + from, y.data + to, D);
  });
  record("pack", y, [=] {
    each_row([=, dx = accumulator(x), dy = y.grad()](std::size_t from, std::size_t to) {
      kernels::add(dx.data + from, dy.data + to, dx.data + from, D);  // dx[b, t] += dy[row(b, t)]
    });
  });
  return y;
}

Tensor unpack(Tensor x, const Packing& packing, std::span<const int> order) {
  if (x.rank() != 2 || x.dim(0) != packing.rows()) {
    fail("unpack: rows do not fit: x is {}, the packing has {} rows; need x ({}, D)", x.shape(), packing.rows(),
         packing.rows());
  }
  const int B = packing.batch();
  if (!order.empty() && order.size() != static_cast<std::size_t>(B)) {
    fail("unpack: order does not fit: {} numbers for {} sequences; need one for each, or none", order.size(), B);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0 || order[i] >= B) {
      fail("unpack: no such sequence: order[{}] is {}; need 0 <= order < {}", i, order[i], B);
    }
  }
  const std::size_t S = packing.steps(), D = x.dim(1);
  const auto each_row = [=, order = Tape::active().arena().copy(order)](auto visit) {
    for (int b = 0; b < B; ++b) {
      const int sequence = order.empty() ? b : order[b];
      for (int t = 0; t < packing.length(sequence); ++t) visit(packing.row(sequence, t) * D, (b * S + t) * D);
    }
  };
  Tensor y = output({B, packing.steps(), x.dim(1)}, {x});
  kernels::fill(0, y.value().data, y.size());
  each_row([=, x = x.value(), y = y.value()](std::size_t from, std::size_t to) {
    kernels::copy(x.data + from, y.data + to, D);
  });
  record("unpack", y, [=] {
    each_row([=, dx = accumulator(x), dy = y.grad()](std::size_t from, std::size_t to) {
      kernels::add(dx.data + from, dy.data + to, dx.data + from, D);  // dx[row(order[b], t)] += dy[b, t]
    });
  });
  return y;
}

}
