#pragma once

#include <vector>

#include "autograd/seam.h"
#include "autograd/tape.h"

/// How the uses of a parameter add up to its gradient.
///
/// Most ops add to the gradient of a parameter's tensor, as to that of any other. A product with a matrix does not: in
/// an unrolled network dW += dyᵀ x at every time step would stream all of dW through memory each time. It only notes
/// the pair (dy, x), and `gather` adds the pairs of all steps, and of all tapes that share the parameter, by one large
/// product.

namespace gradus::inline GRADUS_PRECISION {

/// One use's contribution to the gradient of a parameter.
struct Contribution {
  /// Adds all contributions with this same function to rows [row_begin, row_end) of the gradient, which is seen as a
  /// matrix: (first axis, all others). Rows are the unit of parallel work. Where the rows are cut may decide the last
  /// bits of the result, since BLAS takes other kernels for other sizes. So a caller who wants the same bits on any
  /// number of threads cuts by the shape of the leaf alone.
  using Add = void (*)(Array grad, int row_begin, int row_end, std::span<const Contribution> contributions);

  Add add = nullptr;                      ///< the rule of this kind of use
  const Real* left = nullptr;             ///< (count, grad rows) for a product; its row stride is left_stride
  const Real* right = nullptr;            ///< (count, columns); its row stride is right_stride
  const int* index = nullptr;             ///< (count) rows of the gradient, for a lookup
  int left_stride = 0, right_stride = 0;  ///< numbers from row to row
  int count = 0;                          ///< how many rows `left` and `right` have
  int first_col = 0;                      ///< where in the gradient's columns the product goes
  int cols = 0;                           ///< and how many columns it has
};

/// For the closure of an op with a weight: adds to the gradient of the weight, at the end of the step if that is a
/// parameter, and at once if it is any other tensor. What the contribution points to must stay until the tape ends: see
/// `kept_grad`.
void contribute(Tensor weight, const Contribution& contribution);

/// The gradient of an op's output, whose memory stays as it is until the tape ends.
ConstArray kept_grad(Tensor output);

/// What a parameter's uses on one tape have noted so far; the newest comes first.
std::vector<Contribution> noted_contributions(const Node& parameter);

/// Adds what the uses of the leaf on each of the tapes contribute, in the order of the tapes, to rows [row_begin,
/// row_end) of its gradient. Different rows may be gathered on different threads at the same time.
void gather(Leaf& leaf, List<const Tape*> tapes, int row_begin, int row_end);

/// `Tape::backward` without its last step, for a training step: the parameters' shares stay on the tape until `gather`
/// adds them up. Of all other gradients only those of variables are there afterwards: the others' memory has
/// served for one after the other, unless `kept_grad` kept it.
void sweep(Tape& tape, Tensor loss);
/// The gradients of sum(cotangent * output), for an output of any shape and as many numbers in `cotangent`.
void sweep(Tape& tape, Tensor output, List<Real> cotangent);

/// Sets the gradients of leaves to zero, and back to what they were when it ends.
class KeptGradients {
 public:
  explicit KeptGradients(List<Leaf*> leaves);
  ~KeptGradients();
  KeptGradients(const KeptGradients&) = delete;
  KeptGradients& operator=(const KeptGradients&) = delete;

 private:
  std::vector<std::pair<Leaf*, std::vector<Real>>> kept_;
};

}
