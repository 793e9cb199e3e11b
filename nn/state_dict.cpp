#include "nn/state_dict.h"

#include <cstring>

#include "nn/storage/safetensors.h"

namespace gradus::inline GRADUS_PRECISION {

std::vector<NamedArray> state_dict(Module& module) {
  const std::size_t prefix = *module.path() ? std::strlen(module.path()) + 1 : 0;
  std::vector<NamedArray> result;
  for (Parameter* parameter : module.parameters()) {
    result.push_back({parameter->name().substr(prefix), parameter->value()});
  }
  return result;
}

void save(Module& module, const std::string& path, const Metadata& metadata) {
  write_safetensors(path, state_dict(module), metadata);
}

Metadata load(Module& module, const std::string& path) {
  const SafetensorsFile file(path);
  file.read_all(state_dict(module));
  return file.metadata();
}

}
