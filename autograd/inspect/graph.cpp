#include "autograd/inspect/graph.h"

#include <cmath>
#include <map>
#include <string_view>

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Inside a quoted string of the DOT language, where a backslash begins an escape such as \n.
std::string dot_escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

std::string statistics(const Shape& shape, const Real* numbers) {
  const std::size_t count = shape.size();
  if (count == 0) return "empty";
  double sum = 0, square_sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += numbers[i];
  const double mean = sum / count;
  for (std::size_t i = 0; i < count; ++i) square_sum += (numbers[i] - mean) * (numbers[i] - mean);
  return fmt::format("{:.3g} ± {:.3g}", mean, std::sqrt(square_sum / count));
}

bool is(const Node& node, std::string_view op) { return node.op == op; }

std::string label(const Node& node) {
  std::string text = dot_escaped(node.leaf ? std::string_view(node.leaf->name()) : std::string_view(node.op));
  if (*node.path != '\0' && !node.leaf) text += "\\n" + dot_escaped(node.path);
  text += fmt::format("\\n{}\\nvalue {}", node.shape, statistics(node.shape, node.value));
  const Real* grad = !node.needs_grad ? nullptr : node.leaf ? std::as_const(*node.leaf).grad().data : node.grad;
  if (grad != nullptr) text += "\\ngrad " + statistics(node.shape, grad);
  return text;
}

std::string style(const Node& node) {
  const char* line = node.needs_grad ? "solid" : "dashed";
  if (node.leaf) return fmt::format("shape=box, style=\"filled,{}\", fillcolor=\"#cfe2f3\"", line);
  if (is(node, "variable")) return fmt::format("shape=ellipse, style=\"filled,{}\", fillcolor=\"#d9ead3\"", line);
  if (is(node, "constant")) return fmt::format("shape=ellipse, style=\"{}\"", line);
  return fmt::format("shape=box, style=\"rounded,{}\"", line);
}

}

std::string to_dot(const Tape& tape) {
  std::string dot = "digraph tape {\n  rankdir=BT;\n  node [fontname=\"sans-serif\", fontsize=10];\n";
  std::map<const Node*, std::size_t> number;
  for (const Node* node : tape.nodes()) {
    const std::size_t n = number.emplace(node, number.size()).first->second;
    dot += fmt::format("  n{} [label=\"{}\", {}];\n", n, label(*node), style(*node));
    for (const Tensor& input : node->inputs) dot += fmt::format("  n{} -> n{};\n", number.at(&input.node()), n);
  }
  return dot + "}\n";
}

}
