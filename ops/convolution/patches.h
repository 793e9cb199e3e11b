#pragma once

#include <algorithm>
#include <limits>

#include "autograd/shape.h"

namespace gradus::inline GRADUS_PRECISION {

/// A number for each of the two axes of a picture, or one for both.
struct Pair {
  Pair(int both) : height(both), width(both) {}
  Pair(int h, int w) : height(h), width(w) {}
  bool operator==(const Pair&) const = default;

  int height, width;  ///< rows, columns
};

/// Zeros around a plane: so many on each side of its two axes, or by a word.
struct Padding {
  /// How many zeros, by a word.
  enum Word {
    Valid,  ///< none
    Same,   ///< as many as make the result as large as the plane, the odd one behind it; needs a stride of 1
  };
  Padding(int both) : sides(both) {}
  Padding(int h, int w) : sides(h, w) {}
  Padding(Pair pair) : sides(pair) {}
  Padding(Word word) : sides(0), same(word == Same) {}

  /// How many are in front of the axes.
  Pair front(Pair kernel, Pair dilation) const {
    if (!same) return sides;
    return {around(kernel.height, dilation.height) / 2, around(kernel.width, dilation.width) / 2};
  }
  /// How many are behind the axes.
  Pair behind(Pair kernel, Pair dilation) const {
    if (!same) return sides;
    return {(around(kernel.height, dilation.height) + 1) / 2, (around(kernel.width, dilation.width) + 1) / 2};
  }

  Pair sides;         ///< on each side, unless it is `same`
  bool same = false;  ///< whether it is the word Same

 private:
  /// What a kernel reaches beyond the number that it begins with.
  static int around(int kernel, int dilation) {
    return static_cast<int>(std::min(long(dilation) * (kernel - 1), long(std::numeric_limits<int>::max()) - 1));
  }
};

/// Which numbers of a plane, (H, W), the patches under a kernel are made of: kernel number (i, j) of patch (y, x) is at
/// (y · stride - padding + i · dilation, …), or in the padding, if that is outside of the plane.
struct Patches {
  /// Throws, naming op and shape, for numbers that make no patch, or kernels larger than the padded plane.
  Patches(const char* op, const Shape& x, Pair k, Pair s, const Padding& p, Pair d, bool ceil_mode = false)
      : plane{x.rank() < 2 ? 0 : x[-2], x.rank() < 2 ? 0 : x[-1]},
        kernel(k),
        stride(s),
        padding(p.front(k, d)),
        dilation(d) {
    if (std::min({kernel.height, kernel.width, stride.height, stride.width, dilation.height, dilation.width}) < 1 ||
        std::min(padding.height, padding.width) < 0) {
      fail(
          "{}: bad numbers: kernel ({}, {}), stride ({}, {}), padding ({}, {}), dilation ({}, {}); need 1 or more, and "
          "0 or more of padding",
          op, kernel.height, kernel.width, stride.height, stride.width, padding.height, padding.width, dilation.height,
          dilation.width);
    }
    if (p.same && stride != Pair(1)) {
      fail("{}: padding \"same\" with stride ({}, {}); need a stride of 1", op, stride.height, stride.width);
    }
    const Pair behind = p.behind(k, d);
    const auto along = [&](int Pair::*axis) {
      return patches_along(plane.*axis, kernel.*axis, stride.*axis, padding.*axis, behind.*axis, dilation.*axis,
                           ceil_mode);
    };
    count = {along(&Pair::height), along(&Pair::width)};
    if (std::min(count.height, count.width) < 1) {
      fail(
          "{}: the kernel is larger than its input: x is {}, kernel ({}, {}) with dilation ({}, {}), padding ({}, {}); "
          "need at least one patch",
          op, x, kernel.height, kernel.width, dilation.height, dilation.width, padding.height, padding.width);
    }
  }

  std::size_t plane_size() const { return std::size_t(plane.height) * std::size_t(plane.width); }     ///< numbers
  std::size_t kernel_size() const { return std::size_t(kernel.height) * std::size_t(kernel.width); }  ///< numbers
  std::size_t size() const { return std::size_t(count.height) * std::size_t(count.width); }  ///< how many patches

  /// What number (i, j) of the kernel meets in row y of the patches: those from `first` to `last` meet the plane, at
  /// `begin`, `begin` + stride.width, …, and the others the padding.
  struct Row {
    int first, last;  ///< patches [first, last) of the row
    std::size_t begin;
  };
  /// Where that is.
  Row row(int i, int j, int y) const {
    const long line = long(y) * stride.height - padding.height + long(i) * dilation.height;
    if (line < 0 || line >= plane.height) return {0, 0, 0};
    const long shift = long(j) * dilation.width - padding.width;  // of patch x, x · stride + shift is met
    const long first = shift >= 0 ? 0 : (-shift + stride.width - 1) / stride.width;
    const long last = shift >= plane.width ? 0 : (plane.width - shift - 1) / stride.width + 1;
    if (first >= last) return {0, 0, 0};
    return {static_cast<int>(std::min<long>(first, count.width)), static_cast<int>(std::min<long>(last, count.width)),
            static_cast<std::size_t>(line * plane.width + first * stride.width + shift)};
  }

  /// Calls visit(k, patch, at, n) for all runs of n patches next to each other in which number k of the kernel meets
  /// the plane: patch + i does at number at + i · stride.width.
  template <class Visit>
  void each_run(Visit visit) const {
    std::size_t k = 0;
    for (int i = 0; i < kernel.height; ++i) {
      for (int j = 0; j < kernel.width; ++j, ++k) {
        for (int y = 0; y < count.height; ++y) {
          const auto [first, last, begin] = row(i, j, y);
          if (first < last) visit(k, std::size_t(y) * count.width + first, begin, std::size_t(last - first));
        }
      }
    }
  }
  /// Calls visit(k, patch, at) wherever a kernel meets the plane.
  template <class Visit>
  void each(Visit visit) const {
    each_run([&](std::size_t k, std::size_t patch, std::size_t at, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) visit(k, patch + i, at + i * stride.width);
    });
  }

  Pair plane, kernel, stride, padding, dilation;  ///< padding in front; behind, a patch may meet any
  Pair count = 0;                                 ///< of patches: the size of the result

 private:
  /// With `ceil_mode` a last patch that ends outside counts, too, unless it also begins there.
  static int patches_along(int length, int kernel, int stride, int front, int behind, int dilation, bool ceil_mode) {
    const long room = long(length) + front + behind - long(dilation) * (kernel - 1) - 1;
    if (room < 0) return 0;
    const long steps = ceil_mode ? (room + stride - 1) / stride : room / stride;
    return static_cast<int>(ceil_mode && steps * stride >= long(length) + front ? steps : steps + 1);
  }
};

}
