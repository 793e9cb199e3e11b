#include "examples/translate/training/module_norms.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace gradus::translate {

namespace {

/// The first two names of the path of the module that has the parameter.
std::string_view module_of(std::string_view parameter) {
  const std::string_view owner = parameter.substr(0, std::min(parameter.rfind('.'), parameter.size()));
  const std::size_t first = owner.find('.');
  return first == std::string_view::npos ? owner : owner.substr(0, owner.find('.', first + 1));
}

}

std::vector<ModuleNorm> module_norms(std::span<Parameter* const> parameters, std::span<const double> norms) {
  std::vector<ModuleNorm> modules;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string_view name = module_of(parameters[i]->name());
    auto module = std::ranges::find(modules, name, &ModuleNorm::module);
    if (module == modules.end()) module = modules.insert(module, {std::string(name), 0});
    module->norm = std::hypot(module->norm, norms[i]);
  }
  return modules;
}

}
