#pragma once

#include <limits>

#include "autograd/tape.h"

/// Ops that only move numbers. Axes and positions count from the end if they are negative, as in Python.

namespace gradus::inline GRADUS_PRECISION {

/// x in another shape of the same size, number by number in the same order. One length may be -1: it follows from the
/// others.
Tensor reshape(Tensor x, List<int> dims);

/// x with two axes exchanged.
Tensor transpose(Tensor x, int axis0 = -2, int axis1 = -1);

/// The axes of x in another order: axis i of y is axis order[i] of x.
Tensor permute(Tensor x, List<int> order);

/// x without its axes of length 1, or without those of them that are given; an axis of another length stays.
Tensor squeeze(Tensor x);
Tensor squeeze(Tensor x, List<int> axes);
/// x with a new axis of length 1, which is axis number `axis` of the result.
Tensor unsqueeze(Tensor x, int axis);

/// x in reverse order along some axes.
Tensor flip(Tensor x, List<int> axes);

/// Joins tensors that differ in the length of one axis only.
Tensor concat(List<Tensor> parts, int axis);

/// Joins tensors of one shape along a new axis, which is axis number `axis` of the result.   n × (…) -> (…, n, …)
Tensor stack(List<Tensor> parts, int axis = 0);

/// Stands for the end of any axis.
inline constexpr int kToEnd = std::numeric_limits<int>::max();

/// Every `step`th of the positions [begin, end) of an axis: Python's x[begin:end:step], but positions beyond the axis
/// are an error. slice(x, 0, 1) leaves out the first row, slice(x, 0, 0, -1) the last, and slice(x, 0, -2) is the last
/// two.
Tensor slice(Tensor x, int axis, int begin, int end = kToEnd, int step = 1);

/// One position of an axis, which disappears: select(x, 0, i) is Python's x[i]. (`x[i]` itself would have to be a
/// member of Tensor, and the engine knows no op.)   (…, n, …) -> (…, …)
Tensor select(Tensor x, int axis, int position);

/// The first n rows; x itself if it has no more, or is an empty handle.   (m, …) -> (n, …)
Tensor first_rows(Tensor x, int n);

/// Cuts an axis into pieces of the given lengths, which must add up to its length. The list lives as long as the tape.
std::span<const Tensor> split(Tensor x, int axis, std::span<const int> lengths);

/// Rows of x by number, any number of times: y[i] = x[index[i]].   x: (n, …), index: (m) -> (m, …)
/// An index of -1 gives a row of zeros. Throws for other numbers outside of [0, n).
Tensor gather_rows(Tensor x, std::span<const int> index);

/// Numbers along an axis by where they stand there, as argsort, argmax and topk tell it:
/// y[…, i, …] = x[…, index[…, i, …], …] (NumPy's name; PyTorch's gather).   x: (…, n, …), index: (…, m, …), m any
/// number of times -> (…, m, …)
Tensor take_along_axis(Tensor x, std::span<const int> index, int axis = -1);

namespace detail {

/// y[i] = x[source[i]], as the op `name`. The sources are memory of the tape.
Tensor take(const char* name, Tensor x, const Shape& shape, const std::size_t* source);

}

}
