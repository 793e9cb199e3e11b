#pragma once

#include <optional>

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// Rows of a table by number: y[i] = weight[ids[i]].   weight: (V, E), ids: (N) -> (N, E)
///
/// For a parameter the gradient is noted as (ids, dy) and scattered into the rows at the end of the step, so that a
/// step costs what its tokens cost, whatever the size of the table. Throws for an id outside of [0, V), naming it.
///
/// The row `padding_idx`, counted from the end if negative, gets no gradient, so that it stays as it is.
Tensor embedding(Tensor weight, std::span<const int> ids, std::optional<int> padding_idx = {});

}
