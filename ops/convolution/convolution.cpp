#include "ops/convolution/convolution.h"

#include "ops/gemm/blas.h"
#include "ops/gradients.h"
#include "ops/kernels/reduction.h"
#include "ops/layout.h"

// For one picture and one group, with P the matrix of its patches, a column for each: (C/g · KH · KW, H' · W'):
//
//     Y = W P + b        dP = Wᵀ dY        dW += dY Pᵀ        db += Σ columns of dY
//
// P is made again in the backward: to keep it would take KH · KW times the memory of x.

namespace gradus::inline GRADUS_PRECISION {

namespace {

struct Geometry {
  Patches patches;
  int N, groups;
  int in, out;  ///< channels of a group

  std::size_t rows() const { return in * patches.kernel_size(); }   ///< of P
  std::size_t x_size() const { return in * patches.plane_size(); }  ///< of a group of a picture
  std::size_t y_size() const { return out * patches.size(); }

  /// P of the planes at x.
  void gather(const Real* x, Real* P) const {
    const std::size_t size = patches.size(), step = patches.stride.width;
    kernels::fill(0, P, rows() * size);
    for (int c = 0; c < in; ++c, x += patches.plane_size(), P += patches.kernel_size() * size) {
      patches.each_run([=](std::size_t k, std::size_t patch, std::size_t at, std::size_t n) {
        Real* const row = P + k * size + patch;
        if (step == 1) return kernels::copy(x + at, row, n);
        for (std::size_t i = 0; i < n; ++i) row[i] = x[at + i * step];
      });
    }
  }
  /// dx += dP, wherever a number of x went.
  void scatter(const Real* dP, Real* dx) const {
    const std::size_t size = patches.size(), step = patches.stride.width;
    for (int c = 0; c < in; ++c, dx += patches.plane_size(), dP += patches.kernel_size() * size) {
      patches.each_run([=](std::size_t k, std::size_t patch, std::size_t at, std::size_t n) {
        const Real* const row = dP + k * size + patch;
        if (step == 1) return kernels::add(dx + at, row, dx + at, n);
        for (std::size_t i = 0; i < n; ++i) dx[at + i * step] += row[i];
      });
    }
  }
  /// Where the numbers of a group of a picture begin.
  struct Place {
    std::size_t x, weight, y;
  };
  /// Calls visit(group, place) for each group of each picture.
  template <class Visit>
  void each(Visit visit) const {
    for (int n = 0; n < N; ++n) {
      for (int g = 0; g < groups; ++g) {
        const std::size_t i = std::size_t(n) * groups + g;
        visit(g, Place{i * x_size(), g * out * rows(), i * y_size()});
      }
    }
  }
};

void require_channels(const char* op, Tensor x, Tensor weight, Tensor bias, int groups) {
  if (x.rank() != 4 || weight.rank() != 4) {
    fail("{}: no pictures: x is {}, weight is {}; need (N, C, H, W) and (O, C / groups, KH, KW)", op, x.shape(),
         weight.shape());
  }
  if (groups < 1 || weight.dim(0) % groups != 0 || x.dim(1) != weight.dim(1) * groups) {
    fail(
        "{}: channels do not fit: x is {}, weight is {}, groups is {}; need x.dim(1) == groups * weight.dim(1), and "
        "weight.dim(0) a multiple of groups",
        op, x.shape(), weight.shape(), groups);
  }
  if (bias && bias.shape() != Shape{weight.dim(0)}) {
    fail("{}: bias does not fit: bias is {}, weight is {}; need bias ({})", op, bias.shape(), weight.shape(),
         weight.dim(0));
  }
}

Tensor convolve(const char* op, Tensor x, Tensor weight, Tensor bias, Pair stride, const Padding& padding,
                Pair dilation, int groups) {
  require_channels(op, x, weight, bias, groups);
  const int O = weight.dim(0);
  const Geometry all{Patches(op, x.shape(), {weight.dim(2), weight.dim(3)}, stride, padding, dilation), x.dim(0),
                     groups, weight.dim(1), O / groups};
  const int M = all.out, K = static_cast<int>(all.rows()), S = static_cast<int>(all.patches.size());
  Scratch scratch;
  Tensor y = output({x.dim(0), O, all.patches.count.height, all.patches.count.width},
                    detail::inputs_given({x, weight, bias}, scratch), nullptr, op);
  Real* const P = scratch.allocate(all.rows() * S);
  all.each([&, vx = x.value().data, vw = weight.value().data, vy = y.value().data](int g, Geometry::Place in) {
    all.gather(vx + in.x, P);
    for (int o = 0; o < M; ++o) kernels::fill(bias ? bias.value()[g * M + o] : 0, vy + in.y + std::size_t(o) * S, S);
    gemm(N, N, M, S, K, 1, vw + in.weight, K, P, S, 1, vy + in.y, S);  // Y = b + W P
  });
  record("convolution", y, [=] {
    Scratch scratch;
    Real *const P = scratch.allocate(all.rows() * S), *const dP = scratch.allocate(all.rows() * S);
    const Array dx = detail::accumulator_if_needed(x), dw = detail::accumulator_if_needed(weight);
    const Array db = bias ? detail::accumulator_if_needed(bias) : Array{};
    all.each([&, vx = x.value().data, vw = weight.value().data, dy = y.grad().data](int, Geometry::Place in) {
      if (dx.data) {  // dx += Wᵀ dY, scattered
        gemm(T, N, K, S, M, 1, vw + in.weight, K, dy + in.y, S, 0, dP, S);
        all.scatter(dP, dx.data + in.x);
      }
      if (dw.data) {  // dW += dY Pᵀ
        all.gather(vx + in.x, P);
        gemm(N, T, M, K, S, 1, dy + in.y, S, P, S, 1, dw.data + in.weight, K);
      }
    });
    for (int o = 0; db.data && o < O; ++o) {  // db += Σ dY
      double total = 0;
      for (int n = 0; n < all.N; ++n) total += kernels::sum(y.grad().data + (std::size_t(n) * O + o) * S, S);
      db[o] += static_cast<Real>(total);
    }
  });
  return y;
}

}

Tensor conv2d(Tensor x, Tensor weight, Tensor bias, Pair stride, Padding padding, Pair dilation, int groups) {
  if (x.rank() != 3) return convolve("conv2d", x, weight, bias, stride, padding, dilation, groups);
  const Tensor batch = reshape(x, {1, x.dim(0), x.dim(1), x.dim(2)});
  const Tensor y = conv2d(batch, weight, bias, stride, padding, dilation, groups);
  return reshape(y, {y.dim(1), y.dim(2), y.dim(3)});
}

Tensor conv1d(Tensor x, Tensor weight, Tensor bias, int stride, Padding padding, int dilation, int groups) {
  if ((x.rank() != 2 && x.rank() != 3) || weight.rank() != 3) {
    fail("conv1d: no sequences: x is {}, weight is {}; need (N, C, L) and (O, C / groups, K)", x.shape(),
         weight.shape());
  }
  const Tensor rows = reshape(x, {x.rank() == 2 ? 1 : x.dim(0), x.dim(-2), 1, x.dim(-1)});
  const Tensor kernels = reshape(weight, {weight.dim(0), weight.dim(1), 1, weight.dim(2)});
  padding.sides.height = 0;
  const Tensor y = convolve("conv1d", rows, kernels, bias, {1, stride}, padding, {1, dilation}, groups);
  return x.rank() == 2 ? reshape(y, {y.dim(1), y.dim(3)}) : reshape(y, {y.dim(0), y.dim(1), y.dim(3)});
}

}
