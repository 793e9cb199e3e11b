#include "autograd/gradcheck.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <random>

#include "autograd/gather.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Numbers = std::vector<Real>;

std::mutex checked_mutex;
std::set<std::string> checked_ops;

double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

/// `count` numbers in (0, 1) in random order, no two of them closer than 0.5 / count, so that a maximum has no ties.
std::vector<double> distinct(std::size_t count, std::mt19937_64& random) {
  std::vector<double> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = (i + 0.25 + 0.5 * uniform(random)) / count;
  for (std::size_t i = count; i > 1; --i) std::swap(numbers[i - 1], numbers[random() % i]);
  return numbers;
}

Numbers fill(const CheckInput& input, std::mt19937_64& random) {
  if (!input.values.empty()) return input.values;
  Numbers numbers;
  for (double u : distinct(input.shape.size(), random)) {
    const bool ranged = input.low < input.high;
    numbers.push_back(ranged ? input.low + (input.high - input.low) * u : (random() % 2 == 0 ? 1 : -1) * (0.25 + u));
  }
  return numbers;
}

/// One argument or parameter under test.
struct Place {
  std::string name;
  Shape shape;
  Leaf* leaf = nullptr;  // of a parameter
  Numbers values;        // of an input

  std::span<Real> numbers() { return leaf ? std::span(leaf->value().data, leaf->size()) : std::span(values); }
};

/// Freezes a parameter for as long as it lives.
class Frozen {
 public:
  explicit Frozen(Leaf* leaf) : leaf_(leaf) {
    if (leaf_) leaf_->frozen = true;
  }
  ~Frozen() {
    if (leaf_) leaf_->frozen = false;
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  Leaf* leaf_;
};

class Checker {
 public:
  Checker(const std::string& name, const std::vector<CheckInput>& inputs, const CheckedFunction& f,
          const CheckedLeaves& leaves, const GradcheckOptions& options)
      : name_(name), f_(f), options_(options), random_(options.seed), input_count_(inputs.size()) {
    if (f.arity() != inputs.size()) {
      fail("gradcheck {}: {} inputs given; the function takes {}", name, inputs.size(), f.arity());
    }
    for (const CheckInput& input : inputs) {
      places_.push_back({fmt::format("input {}", places_.size()), input.shape, nullptr, fill(input, random_)});
    }
    for (Leaf* leaf : leaves) {
      if (!leaf->frozen) places_.push_back({leaf->name(), leaf->shape(), leaf, {}});
    }
    if (places_.empty()) fail("gradcheck {}: no inputs and no parameters; there is nothing to check", name);
  }

  GradcheckResult run() {
    const Numbers recorded = forward(Tape::Record);
    for (double u : distinct(recorded.size(), random_)) cotangents_.push_back(static_cast<Real>(2 * u - 0.7));
    if (forward(Tape::Inference) != recorded) {
      fail("gradcheck {}: the values on an inference tape differ from those on a recording tape", name_);
    }
    const std::vector<Numbers> analytic = backward(places_.size());
    GradcheckResult result;
    for (std::size_t p = 0; p < places_.size(); ++p) {
      for (std::size_t i = 0; i < places_[p].shape.size(); ++i) compare(p, i, analytic[p][i], difference(p, i), result);
    }
    require_small(result, "central differences give");
    check_constants(analytic);
    require_same(backward(places_.size(), true), analytic, places_.size(), "where gradients stay on the tape");
    const std::lock_guard lock(checked_mutex);
    checked_ops.insert(ops_.begin(), ops_.end());
    return result;
  }

 private:
  /// The inputs as variables of the active tape, but number `constant_place` as a constant.
  std::vector<Tensor> make_inputs(std::size_t constant_place) const {
    std::vector<Tensor> inputs;
    for (std::size_t p = 0; p < input_count_; ++p) {
      const std::span<const Real> values = places_[p].values;
      inputs.push_back(p == constant_place ? constant(places_[p].shape, values) : variable(places_[p].shape, values));
    }
    return inputs;
  }

  /// The numbers of all outputs, one after the other.
  Numbers forward(Tape::Mode mode) const {
    Tape tape(mode, options_.seed);
    Numbers numbers;
    for (const Tensor& output : f_(make_inputs(places_.size()))) {
      numbers.insert(numbers.end(), output.value().begin(), output.value().end());
    }
    return numbers;
  }

  /// Gradients of Σ cotangents · outputs by every place. Place `constant_place` needs none; the others' stay the same.
  std::vector<Numbers> backward(std::size_t constant_place, bool in_sweep = false) {
    for (Place& place : places_) {
      if (place.leaf) place.leaf->zero_grad();
    }
    Tape tape(Tape::Record, options_.seed);
    const std::vector<Tensor> inputs = make_inputs(constant_place);
    const std::vector<Tensor> outputs = f_(inputs);
    // The cotangents of all outputs but the last that needs one are set by hand; the last starts the sweep.
    std::span<const Real> rest = cotangents_, last_cotangent;
    Tensor last;
    for (const Tensor& output : outputs) {
      const std::span<const Real> cotangent = rest.first(output.size());
      rest = rest.subspan(output.size());
      if (!output.needs_grad()) continue;
      if (last) add(last_cotangent, accumulator(last));
      last = output;
      last_cotangent = cotangent;
    }
    if (last && in_sweep) {
      sweep(tape, last, last_cotangent);
      for (Place& place : places_) {
        if (place.leaf) gather(*place.leaf, tape);
      }
    } else if (last) {
      tape.backward(last, last_cotangent);
    }
    for (const Node* node : tape.nodes()) {
      const auto needs_grad = [](const Tensor& input) { return input.needs_grad(); };
      const bool stops_gradients =
          !node->needs_grad && std::any_of(node->inputs.begin(), node->inputs.end(), needs_grad);
      if (node->grad != nullptr || stops_gradients) ops_.insert(node->op);
    }

    std::vector<Numbers> gradients;
    for (std::size_t p = 0; p < places_.size(); ++p) {
      const bool is_input = p < input_count_;
      const ConstArray grad = p == constant_place ? ConstArray{nullptr, {0}}
                              : is_input          ? inputs[p].grad()
                                                  : places_[p].leaf->grad();
      gradients.emplace_back(grad.begin(), grad.end());
      if (!is_input) places_[p].leaf->zero_grad();
    }
    return gradients;
  }

  static void add(std::span<const Real> cotangent, Array grad) {
    for (std::size_t i = 0; i < cotangent.size(); ++i) grad[i] += cotangent[i];
  }

  /// The central difference. The outputs are subtracted one by one, before they are summed, to lose fewer digits.
  double difference(std::size_t p, std::size_t i) {
    Real& number = places_[p].numbers()[i];
    const Real original = number, above = original + options_.step, below = original - options_.step;
    number = above;
    const Numbers outputs_above = forward(Tape::Record);
    number = below;
    const Numbers outputs_below = forward(Tape::Record);
    number = original;
    double sum = 0;
    for (std::size_t k = 0; k < cotangents_.size(); ++k) {
      if (outputs_above[k] == outputs_below[k]) continue;  // two infinities, too
      sum += cotangents_[k] * (outputs_above[k] - outputs_below[k]);
    }
    return sum / (above - below);
  }

  void compare(std::size_t p, std::size_t i, double analytic, double reference, GradcheckResult& worst) const {
    const double error =
        std::abs(analytic - reference) / std::max({options_.floor, std::abs(analytic), std::abs(reference)});
    ++worst.checked;
    if (worst.checked > 1 && (error <= worst.error || std::isnan(worst.error))) return;  // NaN is the worst of all
    worst.where = places_[p].name + " at " + position(places_[p].shape, i);
    worst.analytic = analytic;
    worst.numeric = reference;
    worst.error = error;
  }

  void require_small(const GradcheckResult& worst, const char* reference) const {
    if (worst.error <= options_.tolerance) return;
    fail("gradcheck {}: wrong gradient for {}: backward gives {:.7g}, {} {:.7g}; error {:.2g}, need at most {:.2g}",
         name_, worst.where, worst.analytic, reference, worst.numeric, worst.error, options_.tolerance);
  }

  std::vector<Numbers> backward_without(std::size_t fixed) {
    const Frozen frozen(places_[fixed].leaf);
    try {
      return backward(fixed);
    } catch (const Error& error) {
      fail("gradcheck {}: with {} as a constant: {}", name_, places_[fixed].name, error.what());
    }
  }

  /// All places but `fixed` have these gradients.
  void require_same(const std::vector<Numbers>& gradients, const std::vector<Numbers>& expected, std::size_t fixed,
                    const std::string& where) const {
    GradcheckResult worst;
    for (std::size_t p = 0; p < places_.size(); ++p) {
      for (std::size_t i = 0; p != fixed && i < expected[p].size(); ++i) {
        compare(p, i, gradients[p][i], expected[p][i], worst);
      }
    }
    require_small(worst, ("and " + where).c_str());
  }

  /// A closure must leave alone an input that needs no gradient, and treat the others as before.
  void check_constants(const std::vector<Numbers>& expected) {
    for (std::size_t fixed = 0; fixed < places_.size(); ++fixed) {
      require_same(backward_without(fixed), expected, fixed, fmt::format("with {} a variable", places_[fixed].name));
    }
  }

  const std::string& name_;
  const CheckedFunction& f_;
  const GradcheckOptions& options_;
  std::mt19937_64 random_;
  const std::size_t input_count_;
  std::vector<Place> places_;  // the inputs, then the leaves
  Numbers cotangents_;
  std::set<std::string> ops_;
};

}

std::string position(const Shape& shape, std::size_t flat) {
  std::array<int, Shape::kMaxRank> index{};
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[axis] = static_cast<int>(flat % shape[axis]);
    flat /= shape[axis];
  }
  return to_string(std::span<const int>(index).first(shape.rank()));
}

CheckInput CheckInput::between(const Shape& shape, Real low, Real high) {
  if (!(low < high)) fail("gradcheck: empty range: {} to {}; need low < high", low, high);
  CheckInput input(shape);
  input.low = low;
  input.high = high;
  return input;
}

CheckInput CheckInput::of(const Shape& shape, std::vector<Real> values) {
  CheckInput input(shape);
  input.values = std::move(values);
  return input;
}

GradcheckResult gradcheck(const std::string& name, const std::vector<CheckInput>& inputs, const CheckedFunction& f,
                          const CheckedLeaves& leaves, const GradcheckOptions& options) {
  return Checker(name, inputs, f, leaves, options).run();
}

std::set<std::string> gradchecked_ops() {
  const std::lock_guard lock(checked_mutex);
  return checked_ops;
}

}
