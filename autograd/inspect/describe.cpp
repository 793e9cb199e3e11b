#include "autograd/inspect/describe.h"

#include "autograd/inspect/formulas.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// The name at place i of a formula's list, "a b"; empty if it has no name of its own.
std::string_view name_at(std::string_view names, std::size_t i) {
  for (; i > 0; --i) {
    const std::size_t space = names.find(' ');
    if (space == std::string_view::npos) return "";
    names.remove_prefix(space + 1);
  }
  names = names.substr(0, names.find(' '));
  return names.find("…") == std::string_view::npos ? names : "";
}

std::string name_or_number(const char* op, const char* OpFormula::*names, const char* what, std::size_t i) {
  const OpFormula* const formula = find_formula(op);
  const std::string_view name = formula == nullptr ? "" : name_at(formula->*names, i);
  return name.empty() ? fmt::format("{} {}", what, i) : std::string(name);
}

}

std::string input_name(const char* op, std::size_t i) { return name_or_number(op, &OpFormula::inputs, "input", i); }

std::string output_name(const char* op, std::size_t i) { return name_or_number(op, &OpFormula::outputs, "output", i); }

std::string input_text(const char* op, std::size_t i, const Tensor& input) {
  const Node& node = input.node();
  const std::string_view maker = node.op;
  const bool is_source = maker == "constant" || maker == "variable";
  return fmt::format("{} {}, {}", input_name(op, i), node.shape,
                     node.leaf   ? fmt::format("the parameter {}", node.leaf->name())
                     : is_source ? fmt::format("a {}", maker)
                                 : fmt::format("made by {}", maker));
}

}
