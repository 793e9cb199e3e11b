#include "autograd/inspect/check_finite.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>
#include <string_view>

#include "autograd/gradcheck.h"
#include "autograd/inspect/describe.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// `nan`, never `-nan`.
std::string number_text(Real x) { return std::isnan(x) ? "nan" : fmt::format("{:.4g}", x); }

/// The first NaN of an array, or else its first infinity.
struct Flaw {
  explicit Flaw(const ConstArray& array) : array(array) {
    const auto is_finite = [](Real x) { return std::isfinite(x); };
    const Real* const first = std::find_if_not(array.begin(), array.end(), is_finite);
    if (first == array.end()) return;
    const Real* const nan = std::find_if(first, array.end(), [](Real x) { return std::isnan(x); });
    place = nan != array.end() ? nan : first;
  }

  explicit operator bool() const { return place != nullptr; }
  bool is_nan() const { return place != nullptr && std::isnan(*place); }
  /// `inf at (0, 1)`
  std::string text() const {
    return fmt::format("{} at {}", number_text(*place), position(array.shape, place - array.begin()));
  }

  ConstArray array;
  const Real* place = nullptr;
};

Flaw flaw_of(const Tensor& tensor) { return Flaw(tensor.value()); }

/// `from -1 to 2`, or where it is not finite.
std::string range_text(const ConstArray& array) {
  if (const Flaw flaw(array); flaw) return flaw.text();
  if (array.size() == 0) return "empty";
  const auto [least, most] = std::minmax_element(array.begin(), array.end());
  return *least == *most ? number_text(*least) : fmt::format("from {} to {}", number_text(*least), number_text(*most));
}

/// What an op has computed on: `; x (2), made by exp, is from 0 to 1`.
std::string inputs_text(const Node& node) {
  std::string text;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    text += fmt::format("; {}, is {}", input_text(node, i), range_text(node.inputs[i].value()));
  }
  return text;
}

const char* of_what(bool finite) { return finite ? "finite numbers" : "numbers that are not finite"; }

struct Names {
  std::mutex mutex;
  std::set<std::string_view> ops{"log_softmax"};  // -inf where it is masked
};
Names& meant() {
  static Names names;
  return names;
}

bool is_meant(const char* op) {
  const std::lock_guard lock(meant().mutex);
  return meant().ops.contains(op);
}

/// Whether an infinity of the output may have come from an infinite constant, by way of any ops.
bool is_inherited(std::span<const Tensor> inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor& input) { return input.node().leaf == nullptr && bool(flaw_of(input)); });
}

}

bool may_be_infinite(const char* op) {
  const std::lock_guard lock(meant().mutex);
  meant().ops.insert(op);
  return true;
}

void require_finite_outputs(const char* op, std::span<const Tensor> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Node& node = outputs[i].node();
    const Flaw flaw = flaw_of(outputs[i]);
    if (!flaw) continue;
    const bool knows_inputs = node.tape->mode() == Tape::Record;
    if (!flaw.is_nan() && (!knows_inputs || is_inherited(node.inputs) || is_meant(op))) continue;
    const bool finite = std::none_of(node.inputs.begin(), node.inputs.end(), flaw_of);
    const std::string name = output_name(op, i);
    fail("{}: {}{}: {} {} is {}{}; need a finite {}", op, number_text(*flaw.place),
         knows_inputs ? fmt::format(" out of {}", of_what(finite)) : "", name, node.shape, flaw.text(),
         inputs_text(node), name);
  }
}

void require_finite_gradients(const char* op, std::span<const Tensor> outputs) {
  const std::span<const Tensor> inputs = outputs.front().node().inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node& node = inputs[i].node();
    if (node.grad == nullptr) continue;
    const Flaw flaw(ConstArray{node.grad, node.shape});
    if (!flaw) continue;
    bool finite = true;
    std::string causes;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const Node& output = outputs[k].node();
      if (output.grad == nullptr) continue;
      const ConstArray grad{output.grad, output.shape};
      finite = finite && !Flaw(grad);
      causes += fmt::format("; the gradient of {} {} is {}", output_name(op, k), output.shape, range_text(grad));
    }
    fail("{}: backward makes {} out of {}: the gradient of {}, is {}{}{}; need finite gradients", op,
         number_text(*flaw.place), of_what(finite), input_text(outputs.front().node(), i), flaw.text(), causes,
         inputs_text(outputs.front().node()));
  }
}

void require_finite_gradient(const Leaf& leaf, int row_begin, int row_end) {
  const Real* const grad = leaf.grad().data;
  const std::size_t row_size = leaf.row_size(), begin = row_begin * row_size;
  const Flaw flaw(ConstArray{grad + begin, {row_end - row_begin, static_cast<int>(row_size)}});
  if (!flaw) return;
  fail("backward: the uses of a parameter add up to {}: the gradient of {} {} is so at {}; need finite gradients",
       number_text(*flaw.place), leaf.name(), leaf.shape(), position(leaf.shape(), flaw.place - grad));
}

}
