#include "examples/translate/report/player/output_chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

namespace gradus::translate {

namespace {

constexpr const char* kComputable[] = {"add",         "concat", "gru_cell", "linear",  "linear_sum", "linear_sum_tanh",
                                       "lstm_cell",   "max",    "mul",      "reshape", "sigmoid",    "tanh",
                                       "weighted_sum"};

bool is_computable(const Node& node) {
  return std::ranges::any_of(kComputable, [&](const char* op) { return std::strcmp(op, node.op) == 0; });
}

/// The ops of a tape, with all outputs of each.
class Ops {
 public:
  Ops() : nodes_(Tape::active().nodes()) {
    for (const Node* node : nodes_) {
      for (const Tensor& output : node->outputs) last_[&output.node()] = node;
    }
  }

  /// Those between two nodes that depend on the first and that the second depends on.
  std::vector<OutputChain::Op> between(const Node& from, const Node& to) const {
    const auto begin = std::ranges::find(nodes_, &from) + 1, end = std::ranges::find(begin, nodes_.end(), &to) + 1;
    std::set<const Node*> depends{&from}, needed{&to};
    for (auto node = begin; node != end; ++node) {
      if (reads_any((*node)->inputs, depends)) depends.insert(*node);
    }
    std::vector<OutputChain::Op> ops;  // the last one first
    for (auto node = end; node-- != begin;) {
      if (!depends.contains(*node) || last_of(*node) != *node) continue;
      const std::vector<const Node*> outputs = outputs_of(**node);
      if (std::ranges::none_of(outputs, [&](const Node* output) { return needed.contains(output); })) continue;
      for (const Tensor& input : (*node)->inputs) needed.insert(&input.node());
      ops.push_back({*node, outputs});
    }
    std::ranges::reverse(ops);
    return ops;
  }

 private:
  static bool reads_any(std::span<const Tensor> inputs, const std::set<const Node*>& nodes) {
    return std::ranges::any_of(inputs, [&](const Tensor& input) { return nodes.contains(&input.node()); });
  }
  const Node* last_of(const Node* node) const {
    const auto found = last_.find(node);
    return found == last_.end() ? node : found->second;
  }
  static std::vector<const Node*> outputs_of(const Node& last) {
    std::vector<const Node*> outputs;
    for (const Tensor& output : last.outputs) outputs.push_back(&output.node());
    if (outputs.empty()) outputs.push_back(&last);
    return outputs;
  }

  std::vector<const Node*> nodes_;
  std::map<const Node*, const Node*> last_;
};

/// What the ops of each step read that none of the same step computes.
std::vector<const Node*> given_to(const std::vector<OutputChain::Step>& steps) {
  std::vector<const Node*> given;
  std::set<const Node*> known;
  for (const OutputChain::Step& step : steps) {
    std::set<const Node*> computed{step.weights};
    for (const OutputChain::Op& op : step.ops) {
      for (const Tensor& input : op.last->inputs) {
        const Node* const node = &input.node();
        if (!computed.contains(node) && known.insert(node).second) given.push_back(node);
      }
      computed.insert(op.outputs.begin(), op.outputs.end());
    }
  }
  return given;
}

std::string obstacle_of(const OutputChain& chain, int heads) {
  if (heads > 1)
    return fmt::format("the {} heads of this attention have weights of their own, of which a bar shows the mean",
                       heads);
  for (const OutputChain::Op& op : chain.steps.front().ops) {
    if (!is_computable(*op.last))
      return fmt::format("this page cannot compute the op {}, in {}", op.last->op, op.last->path);
  }
  std::size_t bytes = 0;
  for (const Node* node : chain.given) bytes += node->shape.size() * 4 * 4 / 3;
  if (bytes <= OutputChain::kMostBytes) return "";
  return fmt::format(
      "the layers from the context to the words of this model are {:.1f} MB of numbers, and a page holds at most "
      "{:.0f}",
      static_cast<double>(bytes) / 1e6, static_cast<double>(OutputChain::kMostBytes) / 1e6);
}

}

OutputChain output_chain(const Replay& replay) {
  const Ops ops;
  OutputChain chain;
  for (const ReplayStep& step : replay.steps) {
    const Node &weights = step.output.weights.node(), &logits = step.logits.node();
    chain.steps.push_back({&weights, &logits, ops.between(weights, logits)});
  }
  chain.given = given_to(chain.steps);
  chain.obstacle = obstacle_of(chain, replay.source.heads);
  return chain;
}

std::span<const char* const> computable_ops() { return kComputable; }

}
