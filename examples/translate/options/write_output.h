#pragma once

#include <string_view>

namespace gradus::translate {

/// Writes to standard output. Throws Error if that fails, a full disk for example.
void write_output(std::string_view text);

}
