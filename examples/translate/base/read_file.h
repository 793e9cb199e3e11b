#pragma once

#include <string>

namespace gradus::translate {

/// All bytes of the file at `path`. Throws Error with the path and the system's reason (no such file, a folder, ...).
std::string read_file(const std::string& path);

/// All bytes of standard input, which errors call `stdin`.
std::string read_stdin();

}
