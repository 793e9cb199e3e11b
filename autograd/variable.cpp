#include <algorithm>

#include "autograd/seam.h"
#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

Tensor filled(const Shape& shape, List<Real> values, const char* op, bool needs_grad) {
  if (values.size() != shape.size())
    fail("{}: {} numbers given for shape {}, which has {}", op, values.size(), shape, shape.size());
  Tensor tensor = Tape::active().add_node(shape, op, needs_grad, nullptr);
  std::copy(values.begin(), values.end(), tensor.value().begin());
  return tensor;
}

}

Tensor constant(const Shape& shape, List<Real> values) { return filled(shape, values, "constant", false); }

Tensor full(const Shape& shape, Real value) {
  Tensor tensor = Tape::active().add_node(shape, "constant", false, nullptr);
  std::fill_n(tensor.value().begin(), shape.size(), value);
  return tensor;
}

Tensor variable(const Shape& shape, List<Real> values) {
  const Tensor tensor = filled(shape, values, "variable", true);
  if (const TapeObserver* o = tape_observer.load(std::memory_order_relaxed)) o->made(tensor);
  if (tensor.needs_grad()) accumulator(tensor);  // has a gradient, 0, also if none reaches it
  return tensor;
}

}
