#pragma once

#include <cstddef>

namespace gradus::translate {

/// The most memory that this process has had at once, in bytes.
std::size_t peak_memory();

}
