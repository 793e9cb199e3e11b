#include "autograd/inspect/trace.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "autograd/inspect/describe.h"
#include "autograd/inspect/formulas.h"
#include "autograd/names.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr std::size_t kFormulaColumn = 44;  // where formulas and gradients begin, if the line has room before it
constexpr std::size_t kColumns = 80;        // of a line; one that needs more goes on below
constexpr const char* kFurther = "      ";  // stands before what goes on

/// A line, and what it has in common with its like in other time steps.
struct Line {
  std::string heading, text, likeness;
};

std::size_t width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });  // not those inside UTF-8
}

std::string beside(std::string text, std::string_view remark) {
  if (remark.empty()) return text;
  if (std::max(kFormulaColumn, width(text) + 2) + width(remark) + 2 > kColumns) return text.append("\n").append(remark);
  text.append(std::max<std::size_t>(2, kFormulaColumn - std::min(kFormulaColumn, width(text))), ' ');
  return text.append(remark);
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

/// A line behind two blanks, broken at blanks, or where it says so, into rows of at most kColumns.
std::string indented(std::string_view text) {
  std::string result;
  for (const std::string& line : split(text, "\n")) {
    std::string row = result.empty() ? "  " : kFurther;
    std::size_t begin = 0;
    while (width(row) + width(std::string_view(line).substr(begin)) > kColumns) {
      std::size_t end = begin, room = kColumns - width(row);
      for (std::size_t next = line.find(' ', begin); next != std::string::npos; next = line.find(' ', next + 1)) {
        if (width(std::string_view(line).substr(begin, next - begin)) > room && end > begin) break;
        end = next;
      }
      if (end == begin) break;
      result += row + line.substr(begin, end - begin) + "\n";
      row = kFurther;
      begin = end + 1;
    }
    result += row + line.substr(begin) + "\n";
  }
  return result;
}

/// Whether an op's lines have room for its formula: each input has a name of its own, and the forward is one equation.
bool fits_lines(const OpFormula& formula) {
  return std::string_view(formula.inputs).find("…") == std::string_view::npos &&
         std::string_view(formula.forward).find("; ") == std::string_view::npos;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '\''; }

/// The formula with the tensors that its names stand for: x -> %6, dx -> d%6.
std::string with_tensors(std::string_view formula, const std::map<std::string, std::string>& tensors) {
  std::string result;
  for (std::size_t i = 0; i < formula.size();) {
    std::size_t end = i;
    while (end < formula.size() && is_letter(formula[end])) ++end;
    const std::string word(formula.substr(i, end - i));
    if (word.empty()) {
      result += formula[i++];
      continue;
    }
    if (const auto found = tensors.find(word); found != tensors.end()) {
      result += found->second;
    } else if (const auto of = tensors.find(word.substr(1)); word[0] == 'd' && of != tensors.end()) {
      result += fmt::format("d{}", of->second);
    } else {
      result += word;
    }
    i = end;
  }
  return result;
}

class Tracer {
 public:
  Tracer(const Tape& tape, const TraceOptions& options) : options_(options), nodes_(tape.nodes()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) number_[nodes_[i]] = i;
    for (const Node* node : nodes_) {
      if (node->run == nullptr) continue;
      ran_backward_ |= node->grad != nullptr;
      for (const Tensor& input : node->inputs) arrivals_[&input.node()].expected += input.needs_grad();
    }
  }

  std::string text() {
    std::vector<Line> forward, backward;
    for (std::size_t i = 0; i < nodes_.size();) {
      const std::size_t outputs = outputs_from(i);
      forward.push_back(computed(std::span(nodes_).subspan(i, outputs)));
      i += outputs;
    }
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      if (nodes_[i]->run != nullptr) pass_back(*nodes_[i], backward);
    }
    return "forward\n" + written(forward) + "backward\n" + written(backward) + legend();
  }

 private:
  struct Arrivals {
    int expected = 0, seen = 0;
  };

  /// How many outputs the op has whose first one is node i: they stand behind each other, and the last one lists all.
  std::size_t outputs_from(std::size_t i) const {
    for (std::size_t last = i + 1; last < nodes_.size() && nodes_[last]->op == nodes_[i]->op; ++last) {
      const std::span outputs = nodes_[last]->outputs;
      if (outputs.size() > 1 && &outputs.front().node() == nodes_[i]) return last - i + 1;
    }
    return 1;
  }

  std::string name(const Node& node) const { return fmt::format("%{}", number_.at(&node)); }

  std::string numbers(const Shape& shape, const Real* values) const {
    if (values == nullptr || shape.size() > options_.values) return "";
    std::string text = " =";
    for (std::size_t i = 0; i < shape.size(); ++i) text += fmt::format(" {:.4g}", values[i] + 0.0);  // -0 is 0
    return text;
  }

  /// The line of an op, which stands where the first of its outputs does.
  Line computed(std::span<const Node* const> outputs) {
    const Node& node = *outputs.front();
    std::string names, results;
    for (const Node* output : outputs) {
      names += (output == &node ? "" : ", ") + name(*output);
      results += fmt::format(" {}{}", output->shape, numbers(output->shape, output->value));
    }
    std::string what = node.leaf ? fmt::format("parameter {}", node.leaf->name()) : node.op;
    if (const char* const name = name_of(node)) what += fmt::format(" {}", name);
    std::string inputs = node.inputs.empty() ? "" : " <-";
    for (const Tensor& input : node.inputs) inputs += fmt::format(" {}", name(input.node()));
    const std::string text = outputs.size() > 1 ? fmt::format("{} {}{} :{}", names, what, inputs, results)
                                                : fmt::format("{} {} {}{}{}", names, what, node.shape, inputs,
                                                              numbers(node.shape, node.value));
    const OpFormula* const formula = find_formula(node.op);
    const bool is_long = formula != nullptr && !fits_lines(*formula);
    if (is_long) long_formulas_[node.op] = formula;
    const std::string likeness = fmt::format("{} {} {}", node.path, what, node.inputs.size());
    return {node.path, beside(text, formula != nullptr && !is_long ? forward_of(node, *formula) : ""), likeness};
  }

  /// The names of the inputs that the op's formula speaks of, and that the op was not given.
  static std::vector<std::string> names_left_out(const Node& node, const OpFormula& formula) {
    const std::vector<std::string> given = input_names(node);
    std::vector<std::string> left_out;
    for (std::string& name : split(formula.inputs, " ")) {
      if (name.ends_with('?')) name.pop_back();
      if (std::ranges::find(given, name) == given.end()) left_out.push_back(std::move(name));
    }
    return left_out;
  }

  /// A formula without the parts of sums and products that the op was not given: x Wᵀ + b is x Wᵀ without b.
  static std::string without(std::string text, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      for (const std::string& part : {" + " + name, name + " + ", " ∘ " + name, name + " ∘ "}) {
        for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
          const bool is_word =
              (at == 0 || !is_letter(text[at - 1]) || part[0] == ' ') &&
              (at + part.size() == text.size() || !is_letter(text[at + part.size()]) || part.back() == ' ');
          if (is_word) text.erase(at, part.size());
        }
      }
    }
    return text;
  }

  static std::string forward_of(const Node& node, const OpFormula& formula) {
    return without(formula.forward, names_left_out(node, formula));
  }

  /// What the names of an op's formula stand for.
  std::map<std::string, std::string> tensors(const Node& node, const OpFormula& formula) const {
    std::map<std::string, std::string> tensors;
    const auto add = [&](const std::vector<std::string>& names, std::span<const Tensor> list) {
      for (std::size_t i = 0; i < names.size() && i < list.size(); ++i) tensors[names[i]] = name(list[i].node());
    };
    add(input_names(node), node.inputs);
    add(split(formula.outputs, " "), node.outputs);
    return tensors;
  }

  /// The lines of the closure that `last`, the last of an op's outputs, keeps.
  void pass_back(const Node& last, std::vector<Line>& lines) {
    const std::string likeness = fmt::format("{} {} {}", last.path, last.op, last.inputs.size());
    const OpFormula* const formula = find_formula(last.op);
    if (formula == nullptr || !fits_lines(*formula)) {  // no line of its own for each input
      std::string text;
      std::map<const Node*, int> uses;
      for (const Tensor& input : last.inputs) uses[&input.node()] += input.needs_grad();
      for (const Tensor& input : last.inputs) {
        const int count = std::exchange(uses[&input.node()], 0);  // named once, where it is used first
        if (count > 0) text += fmt::format("{}d{}", text.empty() ? "" : ", ", name(input.node()));
        if (count > 1) text += fmt::format(" ({} times)", count);
      }
      text += " += ";
      for (const Tensor& output : last.outputs)
        text += (&output == &last.outputs[0] ? "d" : ", d") + name(output.node());
      text += fmt::format(" through {}", last.op);
      lines.push_back({last.path, beside(text, formula ? "" : "no formula: see add_formula"), likeness});
      for (const Tensor& input : last.inputs) {
        if (input.needs_grad()) ++arrivals_[&input.node()].seen;
      }
      return;
    }
    const auto tensors = this->tensors(last, *formula);
    const std::vector<std::string> names = input_names(last), left_out = names_left_out(last, *formula);
    for (const std::string& whole : split(formula->backward, "; ")) {
      if (input_of(whole, left_out) != left_out.size()) continue;
      const std::string line = without(whole, left_out);
      const std::size_t input = input_of(line, names);
      if (input != names.size() && !last.inputs[input].needs_grad()) continue;
      const std::string remark = input == names.size() ? "" : arrived(last.inputs[input].node());
      lines.push_back({last.path, beside(with_tensors(line, tensors), remark), likeness + line});
    }
  }

  /// The number of the input whose gradient the line of a formula is about, or how many names there are.
  static std::size_t input_of(std::string_view line, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string head = "d" + names[i];
      if (line.starts_with(head + " +=") || line.starts_with(head + " -=") || line.starts_with(head + "[")) return i;
    }
    return names.size();
  }

  /// Which of its gradients this is, and, with the last of them, their sum.
  std::string arrived(const Node& node) {
    Arrivals& arrivals = arrivals_[&node];
    ++arrivals.seen;
    std::string text =
        arrivals.expected > 1 ? fmt::format("{} of {}", arrivals.seen, arrivals.expected) : std::string();
    if (arrivals.seen < arrivals.expected) return text;
    const Real* const grad = node.leaf ? std::as_const(*node.leaf).grad().data : node.grad;
    const std::string sum = ran_backward_ ? numbers(node.shape, grad) : "";
    return text.empty() && !sum.empty() ? sum.substr(1) : text + sum;
  }

  std::string written(const std::vector<Line>& lines) const {
    std::string text;
    const std::string* heading = nullptr;
    for (std::size_t i = 0; i < lines.size();) {
      const auto [period, times] = repeats(lines, i);
      for (const std::size_t end = i + period; i < end; ++i) {
        const Line& line = lines[i];
        if (!line.heading.empty() && (heading == nullptr || *heading != line.heading))
          text += fmt::format(" {}\n", line.heading);
        heading = &line.heading;
        text += indented(line.text);
      }
      if (times > 1) {
        text += fmt::format("  … and {} times more the {} before\n", times - 1,
                            period == 1 ? "line" : fmt::format("{} lines", period));
        i += period * (times - 1);
      }
    }
    return text;
  }

  /// How long the stretch of lines is that begins here and is repeated, and how often it stands behind itself.
  std::pair<std::size_t, std::size_t> repeats(const std::vector<Line>& lines, std::size_t begin) const {
    constexpr std::size_t kLongest = 200, kFewest = 3;
    std::pair<std::size_t, std::size_t> best{1, 1};
    const std::size_t left = lines.size() - begin;
    for (std::size_t period = 1; options_.fold && period <= std::min(kLongest, left / kFewest); ++period) {
      std::size_t same = 0;
      while (begin + period + same < lines.size() &&
             lines[begin + same].likeness == lines[begin + period + same].likeness) {
        ++same;
      }
      const std::size_t times = 1 + same / period;
      if (times >= kFewest && (times - 1) * period > (best.second - 1) * best.first) best = {period, times};
    }
    return best;
  }

  /// The formulas that no line has room for.
  std::string legend() const {
    std::string text;
    for (const auto& [op, formula] : long_formulas_) {
      text += fmt::format("{} {}\n", text.empty() ? "formulas\n" : "", op);
      for (const char* lines : {formula->forward, formula->backward}) {
        for (const std::string& line : split(lines, "; ")) text += indented(line);
      }
    }
    return text;
  }

  TraceOptions options_;
  std::map<std::string, const OpFormula*> long_formulas_;
  std::vector<const Node*> nodes_;
  std::map<const Node*, std::size_t> number_;
  std::map<const Node*, Arrivals> arrivals_;
  bool ran_backward_ = false;
};

}

std::string trace(const Tape& tape, const TraceOptions& options) { return Tracer(tape, options).text(); }

}
