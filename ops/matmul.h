#pragma once

#include <string_view>

#include "autograd/tape.h"

/// Products of tensors: sums, over one axis or several, of products of two numbers.

namespace gradus::inline GRADUS_PRECISION {

/// c = a @ b.   a: (…, M, K), b: (…, K, N) -> c: (…, M, N)
/// The axes in front of the matrices broadcast. A vector a, (K), is a row and a vector b, (K), a column, whose axis of
/// length 1 the result does not have: (K) @ (K) -> (), (M, K) @ (K) -> (M), (K) @ (…, K, N) -> (…, N).
Tensor matmul(Tensor a, Tensor b);

/// c[i] = a[i] @ b[i].   a: (B, M, K), b: (B, K, N) -> c: (B, M, N)
Tensor batched_matmul(Tensor a, Tensor b);

/// c[i, j] = a[i] b[j].   a: (M), b: (N) -> c: (M, N)
Tensor outer(Tensor a, Tensor b);

/// The sum of products that an equation of letters stands for, one letter an axis (Einstein's convention):
///
///     einsum("ik,kj->ij", a, b)      c_ij = Σ_k a_ik b_kj, the matrix product
///     einsum("bik,bjk->bij", a, b)   a product for each b
///     einsum("ij->j", a)             c_j = Σ_i a_ij
///     einsum("ii->i", a)             c_i = a_ii, a diagonal; "ii->" is the trace
///     einsum("...ik,kj->...ij", a, b)  any axes in front, which broadcast
///
/// It sums over the letters that the result does not name. Without `->` the result has the axes of an ellipsis, then
/// the letters that occur once, in the order of the alphabet. Spaces do not count. Along axes of one letter, a length
/// of 1 stretches to the other's, but not on a diagonal.
Tensor einsum(std::string_view equation, Tensor a);
Tensor einsum(std::string_view equation, Tensor a, Tensor b);

}
