#include "autograd/inspect/finite_differences.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "autograd/inspect/observers.h"
#include "autograd/leaf.h"
#include "autograd/seam.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Changes one number of a tensor as soon as it has been computed.
class Change : OpListener {
 public:
  Change(std::uint64_t id, std::size_t index, Real difference) : id_(id), index_(index), difference_(difference) {}

 private:
  void computed(std::span<const Tensor> outputs) override {
    for (const Tensor& output : outputs) {
      Node& node = output.node();
      if (node.id != id_) continue;
      // It gets numbers of its own: a view shares those of its input, which must stay.
      Real* const own = node.tape->arena().allocate(node.shape.size());
      std::copy_n(node.value, node.shape.size(), own);
      own[index_] += difference_;
      node.value = own;
    }
  }

  std::uint64_t id_;  // of the tensor's node
  std::size_t index_;
  Real difference_;
};

/// Adds to a number of a parameter, for as long as it lives. What others keep of its value, such as packed forms, is
/// set aside meanwhile.
class ChangedParameter {
 public:
  ChangedParameter(Leaf* leaf, std::size_t index, Real difference) : leaf_(leaf) {
    if (leaf == nullptr) return;
    number_ = &leaf->value()[index];
    before_ = *number_;
    *number_ += difference;
    kept_ = std::exchange(leaf->attachments, nullptr);
  }
  ~ChangedParameter() {
    if (leaf_ == nullptr) return;
    *number_ = before_;
    leaf_->attachments = kept_;
  }
  ChangedParameter(const ChangedParameter&) = delete;
  ChangedParameter& operator=(const ChangedParameter&) = delete;

 private:
  Leaf* leaf_;
  Real* number_ = nullptr;
  Real before_ = 0;
  Attachment* kept_ = nullptr;
};

/// Throws if the function does not compute what it did before.
void require_same(const LossFunction& loss, std::uint64_t seed, double expected) {
  Tape tape(Tape::Record, seed);
  const double again = loss().item();
  if (again == expected || (std::isnan(again) && std::isnan(expected))) return;
  fail(
      "finite_differences: the loss was {} and is {} when it is computed again; need a function that computes the same "
      "each time",
      expected, again);
}

double loss_with(const LossFunction& loss, std::uint64_t seed, const SlopeQuery& query, double difference) {
  const ChangedParameter changed(query.leaf, query.index, static_cast<Real>(difference));
  Tape tape(Tape::Record, seed);
  const Tensor first = full({}, 0);  // what `loss` makes is numbered from here on
  if (query.leaf != nullptr) return loss().item();
  const Change change(first.node().id + 1 + query.node, query.index, static_cast<Real>(difference));
  return loss().item();
}

/// So large that the loss changes by what it can tell, and so small that the loss is nearly straight over there.
double step_for(const SlopeQuery& query, double loss) {
  const double tell = std::cbrt(std::numeric_limits<Real>::epsilon());
  const double wanted = tell * std::max(std::abs(loss), tell) / std::max(std::abs(query.gradient), 1e-30);
  const double scale = query.scale > 0 ? query.scale : 1;
  return std::clamp(wanted, 0.1 * tell * scale, 20 * tell * scale);
}

FiniteDifference measured(const LossFunction& loss, std::uint64_t seed, double expected, const SlopeQuery& query,
                          double step) {
  // Numbers of size 1 on the way to the loss, and the loss itself, are each off by some units of their last place.
  const double rounding = 8 * std::numeric_limits<Real>::epsilon() * std::max(std::abs(expected), 1.0) / (2 * step);
  return {query, step, loss_with(loss, seed, query, step), loss_with(loss, seed, query, -step), rounding};
}

}

Verdict FiniteDifference::verdict() const {
  constexpr double kBend = 0.02;  // of a slope: what the loss may bend over the step
  const double size = std::abs(query.gradient), larger = std::max(std::abs(slope()), size);
  const bool agrees = std::abs(slope() - query.gradient) <= rounding + kBend * larger;
  if (!agrees || !std::isfinite(larger)) return Verdict::Differs;
  return rounding < 0.5 * (size > 0 ? size : query.largest) ? Verdict::Agrees : Verdict::TooSmall;
}

std::vector<FiniteDifference> finite_differences(const LossFunction& loss, std::uint64_t seed, double expected,
                                                 List<SlopeQuery> queries, double seconds) {
  constexpr double kShorter = 16;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<FiniteDifference> found;
  if (seconds > 0 && !queries.empty()) require_same(loss, seed, expected);
  for (const SlopeQuery& query : queries) {
    if (Clock::now() >= end) break;
    const double step = step_for(query, expected);
    found.push_back(measured(loss, seed, expected, query, step));
    if (found.back().verdict() == Verdict::Differs)
      found.back() = measured(loss, seed, expected, query, step / kShorter);
  }
  return found;
}

}
