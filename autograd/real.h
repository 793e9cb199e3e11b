#pragma once

/// The one scalar type. Every source is compiled twice: with `Real = float` for work and, under `-DGRADUS_DOUBLE`,
/// with `Real = double` for gradient checks. The two live in different inline namespaces, so that a program that mixes
/// them by mistake fails to link instead of computing nonsense.

#ifdef GRADUS_DOUBLE
#define GRADUS_PRECISION f64  ///< the inline namespace of all that is compiled twice
namespace gradus::inline f64 {
using Real = double;  ///< every number of a tensor
}
#else
#define GRADUS_PRECISION f32  ///< the inline namespace of all that is compiled twice
namespace gradus::inline f32 {
using Real = float;  ///< every number of a tensor
}
#endif
