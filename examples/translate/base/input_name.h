#pragma once

#include <string>
#include <string_view>

namespace gradus::translate {

/// Standard input, where a file to read is named.
inline constexpr std::string_view kStdin = "-";

/// What messages call the file to read at `path`: `stdin` for `-`.
inline std::string input_name(const std::string& path) { return path == kStdin ? "stdin" : path; }

}
