#pragma once

#include <string>
#include <string_view>

namespace gradus::translate {

/// All bytes of the file at `path`. Throws Error with the path and the system's reason (no such file, a folder, ...).
std::string read_file(const std::string& path);

/// Throws Error, naming the file, for bytes that begin as those of another encoding than UTF-8, of a compressed file or
/// of an archive do.
void require_plain_text(std::string_view bytes, const std::string& path);

/// All bytes of standard input, which errors call `stdin`.
std::string read_stdin();

}
