#include "nn/state_dict.h"

#include <cstring>

namespace gradus::inline GRADUS_PRECISION {

std::vector<NamedArray> state_dict(Module& module) {
  const std::size_t prefix = *module.path() ? std::strlen(module.path()) + 1 : 0;
  std::vector<NamedArray> result;
  for (Leaf* leaf : module.state()) result.push_back({leaf->name().substr(prefix), leaf->value()});
  return result;
}

}
