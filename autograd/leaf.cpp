#include "autograd/leaf.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "autograd/arena.h"

namespace gradus::inline GRADUS_PRECISION {

// Value and gradient lie behind each other in zeros from the system, which takes memory for a page when somebody first
// writes to it: a program that only translates does not pay for gradients.
Leaf::Leaf(std::string name, Shape shape) : name_(std::move(name)), shape_(shape) {
  constexpr std::size_t kStep = Arena::kAlignment / sizeof(Real);
  const std::size_t padded = (size() + kStep - 1) / kStep * kStep;
  std::size_t bytes = 2 * padded * sizeof(Real) + Arena::kAlignment;
  memory_ = std::calloc(bytes, 1);
  if (memory_ == nullptr) fail("parameter {}: no memory for {}: {} bytes", name_, shape, bytes);
  void* aligned = memory_;
  value_ = static_cast<Real*>(std::align(Arena::kAlignment, 2 * padded * sizeof(Real), aligned, bytes));
  grad_ = value_ + padded;
}

void Leaf::zero_grad() { std::fill_n(grad_, size(), Real{0}); }

}
