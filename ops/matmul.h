#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// c = a @ b.   a: (M, K), b: (K, N) -> c: (M, N)
Tensor matmul(Tensor a, Tensor b);

/// c[i] = a[i] @ b[i].   a: (B, M, K), b: (B, K, N) -> c: (B, M, N)
Tensor batched_matmul(Tensor a, Tensor b);

}
