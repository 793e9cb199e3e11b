#pragma once

#include <string>
#include <vector>

#include "nn/module.h"

namespace gradus::inline GRADUS_PRECISION {

/// Numbers that have a name: what files hold. The array is a view, so loading writes to where it came from.
struct NamedArray {
  std::string name;  ///< unique in its file
  Array array;       ///< of any shape
};

/// The values of all parameters and buffers of a module, by their path below it (`attention.query.weight`), in the
/// order of their declaration.
std::vector<NamedArray> state_dict(Module& module);

}
