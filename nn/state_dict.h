#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/module.h"

namespace gradus::inline GRADUS_PRECISION {

/// Numbers that have a name: what files hold. The array is a view, so loading writes to where it came from.
struct NamedArray {
  std::string name;
  Array array;
};

using Metadata = std::map<std::string, std::string>;

/// The values of all parameters of a module, by their path below it (`attention.query.weight`), in the order of their
/// declaration.
std::vector<NamedArray> state_dict(Module& module);

/// Writes the module's parameters, and some texts about them, to a safetensors file (nn/storage/safetensors.h).
void save(Module& module, const std::string& path, const Metadata& metadata = {});

/// Reads them back and returns the texts. Throws, listing every parameter that is missing in the file or has another
/// shape there, and every tensor of the file that the module does not have; the module is then as it was.
Metadata load(Module& module, const std::string& path);

}
