#pragma once

#include <string>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// All bytes of the file at `path`. Throws Error, naming the path, with the system's reason, and for what is no file: a
/// folder, or a pipe or device, for which a program might wait or read without an end.
std::string read_regular_file(const std::string& path);

}
