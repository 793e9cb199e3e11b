#pragma once

/// The one scalar type. Every source is compiled twice: with `Real = float` for work and, under `-DGRADUS_DOUBLE`,
/// with `Real = double` for gradient checks. The two live in different inline namespaces, so that a program that mixes
/// them by mistake fails to link instead of computing nonsense.

#ifdef GRADUS_DOUBLE
#define GRADUS_PRECISION f64
#else
#define GRADUS_PRECISION f32
#endif

namespace gradus::inline GRADUS_PRECISION {

#ifdef GRADUS_DOUBLE
using Real = double;
#else
using Real = float;
#endif

}
