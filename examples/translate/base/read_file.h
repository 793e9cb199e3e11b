#pragma once

#include <string>
#include <string_view>

namespace gradus::translate {

/// Standard input, where a file to read is named.
inline constexpr std::string_view kStdin = "-";

/// All bytes of the file at `path`, or of standard input if that is `-`. Throws Error with its name and the system's
/// reason (no such file, a folder, ...).
std::string read_file(const std::string& path);

/// Throws Error, naming the file, for bytes that begin as those of another encoding than UTF-8, of a compressed file or
/// of an archive do.
void require_plain_text(std::string_view bytes, const std::string& path);

/// What messages call the file to read at `path`: `stdin` for `-`.
std::string input_name(const std::string& path);

}
