#pragma once

#include <string>

#include "examples/translate/text/text.h"

namespace gradus::translate {

/// The complete pairs of two files whose lines correspond: read once now, and again whenever they are asked for. What
/// comes through a pipe is kept in an unnamed file. Throws Error as `read_parallel`, and later if a file has changed.
TextStream stream_parallel(const std::string& source_path, const std::string& target_path);

}
