#pragma once

#include <string_view>

namespace gradus::translate {

/// Writes to standard output. On a terminal, control characters of the text but line ends and tabs are made visible
/// (text/unicode.h): words, names and numbers may come from anybody's files. Throws Error if it fails, a full disk for
/// example.
void write_output(std::string_view text);
/// Writes to standard output what has colours for a terminal, and is safe to print.
void write_coloured(std::string_view text);

/// Writes a message to standard error as one line, which no file's names make longer than a few lines of a terminal.
void write_message(std::string_view message);

}
