#pragma once

#include <string>

#include "autograd/tensor.h"

namespace gradus::inline GRADUS_PRECISION {

/// A tensor that outlives tapes: the base of `Parameter`. It owns its value and its gradient. Any number of tapes, on
/// any threads, may use the value at once; each keeps its own share of the gradient until the shares are gathered. It
/// must live longer than they do: what used it on a tape of this thread is an error once it has ended.
class Leaf {
 public:
  /// All zeros. `name` is the dotted path that errors, graphs and files show.
  Leaf(std::string name, Shape shape);
  Leaf(Leaf&&) = delete;  // nor copied: tapes know it by its address
  ~Leaf();

  const std::string& name() const { return name_; }   ///< the dotted path
  const Shape& shape() const { return shape_; }       ///< of the value, which is that of the gradient
  std::size_t size() const { return shape_.size(); }  ///< how many numbers it holds
  /// Seen as a matrix: the first axis counts the rows. Rows are the unit in which gradients are gathered.
  int rows() const { return shape_.rank() == 0 ? 1 : shape_[0]; }
  /// How many numbers each of them has.
  std::size_t row_size() const { return rows() == 0 ? 0 : size() / std::size_t(rows()); }
  /// Its numbers, also while no tape is active.
  Array value() { return {value_, shape_}; }
  ConstArray value() const { return {value_, shape_}; }
  /// The gradient, summed over all `backward` calls since `zero_grad`.
  Array grad() { return {grad_, shape_}; }
  ConstArray grad() const { return {grad_, shape_}; }
  void zero_grad();  ///< sets the gradient to zeros

  /// This parameter on the active tape, where ops can use it. Throws if no tape is active.
  Tensor tensor();
  operator Tensor() { return tensor(); }  ///< so that a parameter goes wherever ops take a tensor

  /// A frozen parameter takes no gradient, and optimisers leave it alone.
  bool frozen = false;
  Attachment* attachments = nullptr;  ///< What others keep here (seam.h).

 private:
  std::string name_;
  Shape shape_;
  void* memory_;
  Real* value_;
  Real* grad_;
};

}
