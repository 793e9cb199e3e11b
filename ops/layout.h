#pragma once

#include "autograd/tape.h"

/// Ops that only move numbers.

namespace gradus::inline GRADUS_PRECISION {

/// x in another shape of the same size, number by number in the same order. One length may be -1: it follows from the
/// others.
Tensor reshape(Tensor x, List<int> dims);

/// x with two axes exchanged.
Tensor transpose(Tensor x, int axis0 = -2, int axis1 = -1);

/// Joins tensors that differ in the length of one axis only.
Tensor concat(List<Tensor> parts, int axis);

/// Joins tensors of one shape along a new axis in front.   n × (…) -> (n, …)
Tensor stack(List<Tensor> parts);

/// Positions [begin, end) of an axis. Negative positions count from the end.
Tensor slice(Tensor x, int axis, int begin, int end);

/// The first n rows; x itself if it has no more, or is an empty handle.   (m, …) -> (n, …)
Tensor first_rows(Tensor x, int n);

/// Cuts an axis into pieces of the given lengths, which must add up to its length. The list lives as long as the tape.
std::span<const Tensor> split(Tensor x, int axis, std::span<const int> lengths);

/// Rows of x by number, any number of times: y[i] = x[index[i]].   x: (n, …), index: (m) -> (m, …)
/// An index of -1 gives a row of zeros. Throws for other numbers outside of [0, n).
Tensor gather_rows(Tensor x, std::span<const int> index);

/// One number of each row: y[i] = x[i, index[i]].   x: (n, k), index: (n) -> (n)
Tensor gather(Tensor x, std::span<const int> index);

}
