#pragma once

#include "autograd/scratch.h"
#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// y = x Wᵀ + b, in PyTorch's layout.   x: (…, in), weight: (out, in), bias: (out) or an empty handle -> y: (…, out)
///
/// When the weight is a parameter, the backward only notes the pair (dy, x): `gather` makes one product of all of
/// the parameter's uses at the end of the step.
Tensor linear(Tensor x, Tensor weight, Tensor bias = {});

/// One summand x Wᵀ of a sum of linear maps or, where a first column is given, x W[:, first_col : first_col + in]ᵀ. A
/// layer whose input is a concatenation [e; c] may multiply its parts by themselves, and so the parts that are known
/// for all time steps at once.
struct LinearTerm {
  static constexpr int kAllColumns = -1;  ///< no first column is given

  Tensor x;                     ///< (N, in)
  Tensor weight;                ///< (out, in), or with a first column (out, first_col + in or more)
  int first_col = kAllColumns;  ///< of the part of the weight that x meets; 0 beside other terms of the weight

  int begin() const {
    return first_col == kAllColumns ? 0 : first_col;
  }  ///< the first column of the weight that x meets
};

/// y = base + Σ terms.   base: (N, out), or (out), broadcast over rows, or an empty handle for 0 -> y: (N, out)
Tensor linear_sum(Tensor base, List<LinearTerm> terms);
/// tanh(linear_sum(base, terms)) as one op, which keeps neither the sum nor its gradient.
Tensor linear_sum_tanh(Tensor base, List<LinearTerm> terms);

/// The twins, out of basic ops.
namespace unfused {
Tensor linear(Tensor x, Tensor weight, Tensor bias = {});
Tensor linear_sum(Tensor base, List<LinearTerm> terms);
Tensor linear_sum_tanh(Tensor base, List<LinearTerm> terms);
}

/// The terms of x Wᵀ for x = [parts_0; parts_1; …], whose parts need not be copied together. They live as long as
/// `scratch`. Throws unless x has as many columns as the weight.
std::span<const LinearTerm> terms_of(std::span<const Tensor> parts, Tensor weight, Scratch& scratch);

namespace detail {
/// For ops with such a sum inside: throws unless the terms fit (N, out); all tensors that the op reads, those given and
/// the terms', without empty handles; the value y = base + Σ x Wᵀ, for a base as that of `linear_sum`; and the
/// backward, given dy of shape (N, out): dbase += dy, or Σ of its rows, dx += dy W, dW += dyᵀ x (noted if W is a
/// parameter).
void require_terms(const char* op, std::span<const LinearTerm> terms, int rows, int out);
std::span<const Tensor> inputs_of(List<Tensor> tensors, std::span<const LinearTerm> terms, Scratch& scratch);
void sum_terms(Tensor base, std::span<const LinearTerm> terms, const Array& y);
void add_sum_gradients(Tensor base, std::span<const LinearTerm> terms, const ConstArray& dy);
}

}
