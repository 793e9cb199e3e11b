#include "autograd/inspect/check.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "autograd/inspect/check_finite.h"
#include "autograd/inspect/check_values.h"
#include "autograd/inspect/describe.h"
#include "autograd/inspect/observers.h"

// A step that nobody checks pays for nothing: the tape, and the gathering of gradients, read one pointer that they read
// for any observer, and it is null.

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::atomic<CheckOptions> current{kCheckNothing};

bool any(const CheckOptions& options) {
  return options.finite || options.changes || options.broadcasts || options.zero_grads;
}

/// (n, 1) and (n) make (n, n): both are stretched, and the axes of the one with fewer are not where they seem.
void require_same_rank(const char* op, std::span<const Tensor> outputs) {
  const Node& node = outputs.front().node();
  if (outputs.size() != 1 || node.inputs.size() != 2) return;
  const Shape &a = node.inputs[0].shape(), &b = node.inputs[1].shape(), &y = node.shape;
  if (a.rank() == b.rank() || y.rank() != std::max(a.rank(), b.rank())) return;
  if (y.size() <= std::max(a.size(), b.size())) return;
  for (int axis = -1; axis >= -y.rank(); --axis) {  // y is what a and b broadcast to
    const auto length = [axis](const Shape& shape) { return axis < -shape.rank() ? 1 : shape[axis]; };
    const int m = length(a), n = length(b);
    if ((m != n && m != 1 && n != 1) || y[axis] != (m == 1 ? n : m)) return;
  }
  const int fewer = a.rank() < b.rank() ? 0 : 1;
  const Shape &shorter = fewer == 0 ? a : b, &longer = fewer == 0 ? b : a;
  int padded[Shape::kMaxRank];
  std::fill(std::begin(padded), std::end(padded), 1);
  std::copy(shorter.begin(), shorter.end(), padded + longer.rank() - shorter.rank());
  const std::string name = input_name(node, fewer);
  const std::string to_its_own = shorter.size() == longer.size()
                                     ? fmt::format("reshape({}, {}) if each was to meet its own, or ", name, longer)
                                     : "";
  const Shape to_all(std::span<const int>(padded, longer.rank()));
  fail(
      "{}: both inputs are stretched: {}, and {}, become {} {}; need as many axes: {}reshape({}, {}) if each was to "
      "meet all",
      op, input_text(node, 0), input_text(node, 1), output_name(op, 0), y, to_its_own, name, to_all);
}

void computed(const char* op, std::span<const Tensor> outputs) {
  if (outputs.empty()) return;
  const CheckOptions options = Checking::options();
  if (options.broadcasts) require_same_rank(op, outputs);
  if (options.finite) require_finite_outputs(op, outputs);
  if (options.changes) remember_values(outputs);
}

void passed_back(const char* op, std::span<const Tensor> outputs) {
  const CheckOptions options = Checking::options();
  if (options.changes) require_same_values(op, outputs);
  if (options.finite) require_finite_gradients(op, outputs);
}

void gathering(const Leaf& leaf, int row_begin, int row_end) {
  if (Checking::options().zero_grads) require_gradient_of_value(leaf, row_begin, row_end);
}

void gathered(const Leaf& leaf, int row_begin, int row_end) {
  const CheckOptions options = Checking::options();
  if (options.finite) require_finite_gradient(leaf, row_begin, row_end);
  if (options.zero_grads) remember_value_of_gradient(leaf, row_begin, row_end);
}

constexpr TapeObserver kCheck{
    .computed = computed, .passed_back = passed_back, .gathering = gathering, .gathered = gathered};

}

const TapeObserver* first_observer() {
  const char* const wish = std::getenv("GRADUS_CHECK");
  if (wish == nullptr || *wish == '\0' || wish == std::string_view("0")) return nullptr;
  current = CheckOptions();
  detail::checks_indices = true;
  return &kCheck;
}

Checking::Checking(const CheckOptions& options) : before_(current.exchange(options)) {
  detail::checks_indices = options.indices;
  if (any(before_)) return;
  forget_gradients();
  if (any(options)) add_observer(kCheck);
}

Checking::~Checking() {
  const CheckOptions ended = current.exchange(before_);
  detail::checks_indices = before_.indices;
  if (any(ended) && !any(before_)) remove_observer(kCheck);
}

CheckOptions Checking::options() { return current.load(std::memory_order_relaxed); }

}
