#pragma once

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// Whether a product takes a matrix as it stands.
enum class Transpose { No, Yes };

}
