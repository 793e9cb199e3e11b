#pragma once

#include <cstdint>
#include <string_view>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// A number that changes with every bit of the bytes, and with `hash`, that of what stands before them. It is the same
/// on every machine, and no secret: who wants to can find other bytes with it.
std::uint64_t hash_of(std::uint64_t hash, std::string_view bytes);

}
