#pragma once

#include <cstdint>
#include <span>

#include "autograd/shape.h"

namespace gradus::inline GRADUS_PRECISION {

class Leaf;
class Tape;
struct Node;

/// Numbers with a shape: row-major, contiguous, not owned. What the maths of an op works on.
struct Array {
  Real* data = nullptr;
  Shape shape;

  std::size_t size() const { return shape.size(); }
  /// Seen as a matrix: the last axis is the row's length, all others together count the rows. A scalar is (1, 1).
  int cols() const { return shape.rank() == 0 ? 1 : shape[-1]; }
  int rows() const;
  Real* row(std::size_t i) const { return data + i * cols(); }
  Real& operator[](std::size_t i) const { return data[i]; }
  Real* begin() const { return data; }
  Real* end() const { return data + size(); }
};

/// A handle to a value on the tape: what ops take and return. Copying it copies no numbers.
///
/// A handle dies with its tape (or when the tape is rewound past it). Using it afterwards, or on another thread than
/// its tape's, throws; this check is always on.
class Tensor {
 public:
  Tensor() = default;

  const Shape& shape() const;
  int rank() const { return shape().rank(); }
  int dim(int axis) const { return shape()[axis]; }
  std::size_t size() const { return shape().size(); }

  Array value() const;
  /// The gradient of the loss by this tensor: zeros until `Tape::backward` adds to it. Of a parameter read
  /// `Leaf::grad`: here is only what ops added at once, not what they noted for the end of the step. After a
  /// `Tape::sweep` only variables still have theirs.
  Array grad() const;
  /// Whether anything upstream wants a gradient. Ops skip the gradients of inputs that do not.
  bool needs_grad() const;
  /// The only number of a tensor of size 1. Throws for any other size.
  Real item() const;

  /// Whether this handle refers to anything at all.
  explicit operator bool() const { return node_ != nullptr; }
  /// The record behind the handle. Throws if the handle is empty, its tape has ended, or this is another thread.
  Node& node() const;

 private:
  friend class Tape;
  Tensor(Node* node, std::uint64_t id) : node_(node), id_(id) {}

  Node* node_ = nullptr;
  std::uint64_t id_ = 0;
};

/// What the tape knows of one tensor.
struct Node {
  std::uint64_t id = 0;  ///< Equals the id in every handle; 0 once the tape has ended.
  Shape shape;
  Real* value = nullptr;
  Real* grad = nullptr;    ///< Null until somebody asks for the gradient.
  bool owns_grad = false;  ///< Whether its memory can serve for another node when it is dropped.
  bool needs_grad = false;
  const char* op = "";     ///< The op that made it, "constant", "variable" or "parameter".
  const char* scope = "";  ///< The path of the module that made it.
  std::span<const Tensor> inputs;
  Leaf* leaf = nullptr;  ///< The parameter that this is a use of, if it is one.
  Tape* tape = nullptr;
  /// What ops leave for each other: of a parameter what they derived from its value on this tape (rewinding the tape
  /// drops it), of any other node what they know of its value.
  void* cache = nullptr;
};

}
