#pragma once

#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>

#include "autograd/arena.h"
#include "autograd/tensor.h"

namespace gradus::inline GRADUS_PRECISION {

/// A tensor that outlives tapes: the base of `Parameter`. It owns its value and its gradient. Any number of tapes, on
/// any threads, may use the value at once; each keeps its own share of the gradient until the shares are gathered.
class Leaf {
 public:
  /// All zeros. `name` is the dotted path that errors, graphs and files show.
  Leaf(std::string name, Shape shape);
  Leaf(const Leaf&) = delete;
  Leaf& operator=(const Leaf&) = delete;

  const std::string& name() const { return name_; }
  const Shape& shape() const { return shape_; }
  std::size_t size() const { return shape_.size(); }
  /// Seen as a matrix: the first axis counts the rows. Rows are the unit in which gradients are gathered.
  int rows() const { return shape_.rank() == 0 ? 1 : shape_[0]; }
  Array value() const { return {value_.get(), shape_}; }
  /// The gradient, summed over all `backward` calls since `zero_grad`.
  /// Its memory is taken at the first call, so that a program that only translates does not pay for it.
  Array grad() const;
  void zero_grad();

  /// This parameter on the active tape, where ops can use it. Throws if no tape is active.
  Tensor tensor();
  operator Tensor() { return tensor(); }

  /// A frozen parameter takes no gradient, and optimisers leave it alone.
  bool frozen = false;
  /// What ops derived from the value and share between tapes, while somebody vouches that the value stays as it is.
  void* cache = nullptr;

 private:
  struct Free {
    void operator()(Real* memory) const { ::operator delete(memory, std::align_val_t(Arena::kAlignment)); }
  };
  std::string name_;
  Shape shape_;
  std::unique_ptr<Real[], Free> value_;
  mutable std::unique_ptr<Real[], Free> grad_;
  mutable std::once_flag grad_allocated_;  // several threads may gather at once
};

/// One use's contribution to a leaf's gradient, noted during the backward sweep and added once at its end.
///
/// In an unrolled network dW += dyᵀ x at every time step would stream all of dW through memory each time. Noted
/// instead, the pairs (dy, x) of all steps, and of all tapes, are added by one large product (see `linear` in
/// ops/matmul.h).
struct Contribution {
  /// Adds all contributions with this same function to rows [row_begin, row_end) of the gradient, which is seen as a
  /// matrix: (first axis, all others). Rows are the unit of parallel work. Where the rows are cut may decide the last
  /// bits of the result, since BLAS takes other kernels for other sizes. So a caller who wants the same bits on any
  /// number of threads cuts by the shape of the leaf alone.
  using Add = void (*)(Array grad, int row_begin, int row_end, std::span<const Contribution> contributions);

  Add add = nullptr;
  const Real* left = nullptr;   ///< (count, grad rows) for a product; its row stride is left_stride
  const Real* right = nullptr;  ///< (count, columns); its row stride is right_stride
  const int* index = nullptr;   ///< (count) rows of the gradient, for a lookup
  int left_stride = 0, right_stride = 0;
  int count = 0;      ///< how many rows `left` and `right` have
  int first_col = 0;  ///< where in the gradient's columns the product goes
  int cols = 0;       ///< and how many columns it has
};

}
