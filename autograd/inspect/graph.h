#pragma once

#include <string>

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// The graph of everything on the tape in Graphviz's language; `dot -Tsvg graph.dot -o graph.svg` draws it. Each node
/// shows its op, the module that recorded it, its shape, and mean ± standard deviation of its value and, after
/// `backward`, of its gradient. Parameters are boxes, variables and constants ellipses, ops rounded boxes; a dashed
/// outline marks what needs no gradient. A parameter's gradient is shown as its leaf holds it.
std::string to_dot(const Tape& tape);

}
