#pragma once

/// The one scalar type. Every source is compiled twice: with `Real = float` for work and, under `-DGRADUS_DOUBLE`,
/// with `Real = double` for gradient checks. The two live in different inline namespaces, so that a program that mixes
/// them by mistake fails to link instead of computing nonsense.

#ifdef GRADUS_DOUBLE
#define GRADUS_PRECISION f64
namespace gradus::inline f64 {
using Real = double;
}
#else
#define GRADUS_PRECISION f32
namespace gradus::inline f32 {
using Real = float;
}
#endif
