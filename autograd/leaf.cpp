#include "autograd/leaf.h"

#include <algorithm>

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {
Real* allocate_zeros(std::size_t count) {
  Real* numbers = static_cast<Real*>(
      ::operator new(std::max<std::size_t>(count, 1) * sizeof(Real), std::align_val_t(Arena::kAlignment)));
  std::fill_n(numbers, count, Real{0});
  return numbers;
}
}

Leaf::Leaf(std::string name, Shape shape)
    : name_(std::move(name)), shape_(shape), value_(allocate_zeros(shape.size())) {}

Array Leaf::grad() const {
  std::call_once(grad_allocated_, [this] { grad_.reset(allocate_zeros(size())); });
  return {grad_.get(), shape_};
}

void Leaf::zero_grad() {
  if (grad_ != nullptr) std::fill_n(grad_.get(), size(), Real{0});
}

Tensor Leaf::tensor() { return Tape::active().add_leaf(*this); }

}
