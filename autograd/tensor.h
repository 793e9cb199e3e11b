#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "autograd/seam.h"
#include "autograd/shape.h"

namespace gradus::inline GRADUS_PRECISION {

class Leaf;
class Tape;
struct Attachment;
struct Node;

/// Numbers with a shape: row-major, contiguous, not owned. What the maths of an op works on.
template <class Number>
struct BasicArray {
  Number* data = nullptr;  ///< row by row
  Shape shape;             ///< row-major

  std::size_t size() const { return shape.size(); }  ///< how many numbers it has
  /// Seen as a matrix: the last axis is the row's length, all others together count the rows. A scalar is (1, 1).
  int cols() const { return shape.rank() == 0 ? 1 : shape[-1]; }
  /// The number of rows of that matrix.
  int rows() const { return shape.rank() == 0 ? 1 : static_cast<int>(shape.without(-1).size()); }
  Number* row(std::size_t i) const { return data + i * std::size_t(cols()); }  ///< row i of it
  /// Number i of all, row by row. Throws for one that is not there in debug builds (without NDEBUG) and in the checking
  /// mode.
  [[gnu::always_inline]] Number& operator[](std::size_t i) const { return data[detail::checked(i, shape)]; }
  Number* begin() const { return data; }
  Number* end() const { return data + size(); }
  /// The array as one that is only read.
  operator BasicArray<const Number>() const requires(!std::is_const_v<Number>) { return {data, shape}; }
};
using Array = BasicArray<Real>;             ///< numbers to be written
using ConstArray = BasicArray<const Real>;  ///< numbers to be read

/// A handle to a value on the tape: what ops take and return. Copying it copies no numbers.
///
/// A handle dies with its tape (or when the tape is rewound past it). Using it afterwards, or on another thread than
/// its tape's, throws; this check is always on.
class Tensor {
 public:
  Tensor() = default;

  const Shape& shape() const;                          ///< all of these throw as `node` does
  int rank() const { return shape().rank(); }          ///< how many axes it has
  int dim(int axis) const { return shape()[axis]; }    ///< the length of an axis; -1 is the last one
  std::size_t size() const { return shape().size(); }  ///< how many numbers it has

  /// Its numbers.
  Array value();
  ConstArray value() const;
  /// The gradient of the loss by this tensor, once `Tape::backward` has come to it; of a variable zeros before. Throws
  /// if no gradient has reached it. A parameter's is in `Leaf::grad`.
  ConstArray grad() const;
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
  explicit Tensor(Node& node);
  static std::uint64_t new_id();

  Node* node_ = nullptr;
  std::uint64_t id_ = 0;
};

/// The id of a node whose leaf has ended.
constexpr std::uint64_t kEndedLeaf = ~std::uint64_t{0};

/// What the tape knows of one tensor.
struct Node {
  std::uint64_t id = 0;   ///< Equals the id in every handle; 0 once the tape has ended, `kEndedLeaf` once the leaf has.
  Shape shape;            ///< Of value and gradient.
  Real* value = nullptr;  ///< Its numbers, row by row.
  Real* grad = nullptr;   ///< Null until a gradient arrives.
  bool needs_grad = false;            ///< `Tensor::needs_grad`.
  bool grad_is_lent = false;          ///< The gradient's memory goes back when it has served (`GradMemory`).
  const char* op = "";                ///< The op that made it, "constant", "variable" or "parameter".
  const char* path = "";              ///< The path of the module that made it.
  std::span<const Tensor> inputs;     ///< Of the op; none on an inference tape.
  std::span<const Tensor> outputs;    ///< All outputs of the op, kept in the last of them,
  void (*run)(void*) = nullptr;       ///< where run(closure) passes their gradients back to the inputs.
  void* closure = nullptr;            ///< Null if no gradient is wanted.
  Leaf* leaf = nullptr;               ///< The parameter that this stands for, if it is one.
  Node* previous_leaf = nullptr;      ///< And the one of the parameter used before it.
  Tape* tape = nullptr;               ///< Where it was recorded.
  Attachment* attachments = nullptr;  ///< What others keep here (seam.h).
};

}
