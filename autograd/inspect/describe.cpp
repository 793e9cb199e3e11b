#include "autograd/inspect/describe.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <string_view>
#include <utility>

#include "autograd/inspect/formulas.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

/// Cuts the mark off a name's end, if it is there.
bool take_mark(std::string_view& name, std::string_view mark) {
  if (!name.ends_with(mark)) return false;
  name.remove_suffix(mark.size());
  return true;
}

/// `x₁₂`
std::string numbered(std::string_view name, std::size_t number) {
  std::string text(name);
  for (const char digit : fmt::format("{}", number)) text += {'\xe2', '\x82', static_cast<char>('\x80' + digit - '0')};
  return text;
}

/// Whether all weights have as many rows: which tells them from what else may be among an op's inputs.
bool weights_fit(const std::vector<std::string>& names, std::span<const Tensor> inputs) {
  int rows = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].starts_with('W')) continue;
    const Shape& shape = inputs[i].shape();
    if (shape.rank() != 2 || (rows != 0 && shape[0] != rows)) return false;
    rows = shape[0];
  }
  return true;
}

/// Names for the inputs, with those of the optional names that `given` has a bit for; none if they do not fit.
std::vector<std::string> names_with(unsigned given, std::span<const std::string_view> all,
                                    std::span<const Tensor> inputs) {
  std::vector<std::string> names;
  std::vector<std::string_view> repeated;
  for (std::string_view name : all) {
    if (take_mark(name, "…")) {
      repeated.push_back(name);
    } else if (take_mark(name, "?") && (std::exchange(given, given >> 1) & 1) == 0) {
      continue;
    } else {
      names.emplace_back(name);
    }
  }
  if (repeated.empty() && names.size() > inputs.size()) names.resize(inputs.size());  // the last ones were not given
  const std::size_t rest = inputs.size() - names.size(), each = std::max<std::size_t>(repeated.size(), 1);
  if (names.size() > inputs.size() || rest % each != 0 || (repeated.empty() && rest > 0)) return {};
  for (std::size_t i = 0; i < rest; ++i)
    names.push_back(rest == each ? std::string(repeated[i]) : numbered(repeated[i % each], i / each + 1));
  return weights_fit(names, inputs) ? names : std::vector<std::string>();
}

}

std::vector<std::string> input_names(const Node& node) {
  const OpFormula* const formula = find_formula(node.op);
  if (formula == nullptr) return {};
  const std::vector<std::string_view> all = words(formula->inputs);
  const auto optional = std::ranges::count_if(all, [](std::string_view name) { return name.ends_with('?'); });
  std::vector<unsigned> ways(std::size_t{1} << optional);
  std::iota(ways.begin(), ways.end(), 0);
  std::ranges::stable_sort(ways, {}, [](unsigned way) { return std::popcount(way); });
  for (const unsigned way : ways) {
    if (const auto names = names_with(way, all, node.inputs); !names.empty()) return names;
  }
  return {};
}

std::string input_name(const Node& node, std::size_t i) {
  const std::vector<std::string> names = input_names(node);
  return i < names.size() ? names[i] : fmt::format("input {}", i);
}

std::string output_name(const char* op, std::size_t i) {
  const OpFormula* const formula = find_formula(op);
  const std::vector<std::string_view> names = words(formula == nullptr ? "" : formula->outputs);
  return i < names.size() ? std::string(names[i]) : fmt::format("output {}", i);
}

std::string input_text(const Node& of, std::size_t i) {
  const Node& node = of.inputs[i].node();
  const std::string_view maker = node.op;
  const bool is_source = maker == "constant" || maker == "variable";
  return fmt::format("{} {}, {}", input_name(of, i), node.shape,
                     node.leaf   ? fmt::format("the parameter {}", node.leaf->name())
                     : is_source ? fmt::format("a {}", maker)
                                 : fmt::format("made by {}", maker));
}

}
