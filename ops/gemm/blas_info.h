#pragma once

#include <string>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// What runs underneath, and why.
struct BlasInfo {
  std::string library;  ///< "OpenBLAS"
  std::string version;  ///< "0.3.21"
  std::string core;     ///< the kernel family in use, in OpenBLAS's name for it: "SapphireRapids"
  std::string reason;   ///< "chosen for this CPU; it would have picked Prescott"
};

/// Loads BLAS if need be. Throws Error, naming the package to install, if there is none.
const BlasInfo& blas_info();

/// One line for people: `OpenBLAS 0.3.21, kernel SapphireRapids (chosen for this CPU; it would have picked Prescott)`.
std::string describe(const BlasInfo& info);

}
