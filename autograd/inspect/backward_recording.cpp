#include "autograd/inspect/backward_recording.h"

#include <algorithm>
#include <cmath>

#include "autograd/inspect/observers.h"
#include "autograd/scratch.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr std::size_t kFewNumbers = 4096;  // of a parameter, for each noted product of it to be computed by itself
constexpr int kIndexes = 64;

/// Calls visit(node, times) for each tensor among the inputs that needs a gradient, and how often it is there.
template <class Visit>
void each_input(std::span<const Tensor> inputs, Visit visit) {
  for (auto i = inputs.begin(); i != inputs.end(); ++i) {
    const Node& node = i->node();
    const auto is_same = [&](const Tensor& other) { return &other.node() == &node; };
    if (node.needs_grad && std::none_of(inputs.begin(), i, is_same))
      visit(node, static_cast<int>(std::count_if(i, inputs.end(), is_same)));
  }
}

class Recorder : OpListener {
 public:
  Recorder(Pictures& pictures, std::size_t samples) : pictures_(pictures), samples_(samples) {}

  BackwardRecording take() {
    for (const auto& [node, gradient] : before_) {  // variables, and what no closure was recorded for
      if (node->leaf == nullptr) sample(*node, gradient);
    }
    return std::move(recording_);
  }

  /// Keeps the largest numbers of the final gradient of a node.
  void sample(const Node& node, std::span<const Real> gradient) {
    std::vector<std::size_t> largest;  // their places
    const auto is_larger = [&](std::size_t a, std::size_t b) { return std::abs(gradient[a]) > std::abs(gradient[b]); };
    for (std::size_t i = 0; i < gradient.size() && samples_ > 0; ++i) {
      if (largest.size() == samples_) {
        if (!is_larger(i, largest.back())) continue;
        largest.pop_back();
      }
      largest.insert(std::ranges::upper_bound(largest, i, is_larger), i);
    }
    for (const std::size_t i : largest) recording_.samples.push_back({&node, i, gradient[i]});
  }

 private:
  void passed_back(std::span<const Tensor> outputs) override {
    ClosureRun run{&outputs.back().node(), {}};
    for (const Tensor& output : outputs) {  // whose gradient is final
      const auto found = before_.find(&output.node());
      if (found == before_.end()) continue;
      sample(output.node(), found->second);
      before_.erase(found);
    }
    each_input(outputs.front().node().inputs,
               [&](const Node& input, int uses) { run.passed.push_back(passed_to(input, uses)); });
    recording_.runs.push_back(std::move(run));
  }

  Passed passed_to(const Node& node, int uses) {
    Passed passed{&node, uses, {}, {}, {}};
    if (node.leaf != nullptr) passed.noted = newly_noted(node);
    if (node.grad == nullptr) return passed;
    const std::size_t size = node.shape.size();
    std::vector<Real>& before = before_[&node];
    if (before.empty()) {
      before.assign(node.grad, node.grad + size);
      passed.part = passed.sum = pictures_.take(node.shape, node.grad);
    } else {
      for (std::size_t i = 0; i < size; ++i) before[i] = node.grad[i] - before[i];
      passed.part = pictures_.take(node.shape, before.data());
      passed.sum = pictures_.take(node.shape, node.grad);
      std::copy_n(node.grad, size, before.begin());
    }
    recording_.gradients[&node] = passed.sum;
    return passed;
  }

  std::vector<NotedUse> newly_noted(const Node& node) {
    const std::vector<Contribution> all = noted_contributions(node);
    std::size_t& seen = noted_[&node];
    std::vector<NotedUse> uses;
    for (std::size_t i = 0; i < all.size() - seen; ++i) uses.push_back(use_of(node, all[i]));  // the newest come first
    seen = all.size();
    return uses;
  }

  NotedUse use_of(const Node& node, const Contribution& c) {
    const Leaf& leaf = *node.leaf;
    const bool is_lookup = c.index != nullptr;
    const auto matrix = [&](const Real* data, std::size_t cols, int stride) {
      return pictures_.take({data, static_cast<std::size_t>(c.count), cols, static_cast<std::size_t>(stride)});
    };
    NotedUse use;
    use.count = c.count;
    use.cols = c.cols;
    use.left = matrix(c.left, is_lookup ? leaf.row_size() : leaf.rows(), c.left_stride);
    use.right = matrix(c.right, c.cols, c.right_stride);
    if (is_lookup) use.index.assign(c.index, c.index + std::min(c.count, kIndexes));
    if (leaf.size() <= kFewNumbers) {
      Scratch scratch;
      Real* const product = scratch.allocate(leaf.size());
      std::fill_n(product, leaf.size(), Real{0});
      c.add({product, leaf.shape()}, 0, leaf.rows(), {&c, 1});
      use.product = pictures_.take(leaf.shape(), product);
    }
    return use;
  }

  Pictures& pictures_;
  std::size_t samples_;
  BackwardRecording recording_;
  std::unordered_map<const Node*, std::vector<Real>> before_;  // the gradients as the last closure left them
  std::unordered_map<const Node*, std::size_t> noted_;         // how many contributions have been seen
};

}

BackwardRecording record_backward(Tensor loss, Pictures& pictures, std::size_t samples) {
  Tape& tape = *loss.node().tape;
  std::vector<GatheredGradient> parameters;
  for (const Node* node : tape.nodes()) {
    if (node->leaf == nullptr || !node->needs_grad) continue;
    const ConstArray grad = std::as_const(*node->leaf).grad();
    const bool is_zero = std::ranges::all_of(grad, [](Real x) { return x == 0; });
    parameters.push_back({node, is_zero ? Picture() : pictures.take(grad.shape, grad.data), {}});
  }
  Recorder recorder(pictures, samples);
  tape.backward(loss);
  for (const GatheredGradient& parameter : parameters) {
    recorder.sample(*parameter.node, std::as_const(*parameter.node->leaf).grad());
  }
  BackwardRecording recording = recorder.take();
  const Real one = 1;  // d loss / d loss
  recording.gradients[&loss.node()] = pictures.take(loss.shape(), &one);
  for (GatheredGradient& parameter : parameters) {
    const ConstArray grad = std::as_const(*parameter.node->leaf).grad();
    parameter.after = pictures.take(grad.shape, grad.data);
  }
  recording.parameters = std::move(parameters);
  std::ranges::stable_sort(recording.samples, {}, [](const GradientSample& sample) { return sample.node->id; });
  return recording;
}

BackwardRecording recording_after_backward(const Tape& tape, Pictures& pictures) {
  BackwardRecording recording;
  std::unordered_map<const Node*, int> uses;
  const std::vector<const Node*> nodes = tape.nodes();
  for (const Node* node : nodes) {
    if (node->leaf != nullptr && node->needs_grad) {
      const ConstArray grad = std::as_const(*node->leaf).grad();
      recording.parameters.push_back({node, {}, pictures.take(grad.shape, grad.data)});
    } else if (node->grad != nullptr) {
      recording.gradients[node] = pictures.take(node->shape, node->grad);
    }
    if (node->run == nullptr) continue;
    for (const Tensor& input : node->inputs) ++uses[&input.node()];
  }
  for (auto i = nodes.rbegin(); i != nodes.rend(); ++i) {
    const Node* const node = *i;
    const auto is_reached = [](const Tensor& output) { return output.node().grad != nullptr; };
    if (node->run == nullptr || std::ranges::none_of(node->outputs, is_reached)) continue;
    ClosureRun run{node, {}};
    each_input(node->inputs, [&](const Node& input, int times) {
      const auto gradient = recording.gradients.find(&input);
      const bool is_whole = uses[&input] == times && gradient != recording.gradients.end();
      const Picture all = is_whole ? gradient->second : Picture();
      run.passed.push_back({&input, times, all, all, {}});
    });
    recording.runs.push_back(std::move(run));
  }
  return recording;
}

}
