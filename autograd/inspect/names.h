#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// Gives a tensor a name, which traces and pages show, and returns it. A name is a literal, or lives as long as the
/// tape.
///
///     Tensor w = named("w", variable({2}, {0.4, 0.1}));
Tensor named(const char* name, Tensor x);

/// The name that a node was given, or null.
const char* name_of(const Node& node);

}
