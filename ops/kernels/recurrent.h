#pragma once

#include "autograd/real.h"

/// The gates of one recurrent step, forward and backward, each in one pass over `rows` rows of `size` = H units. All
/// matrices are contiguous; the names are those of the equations in recurrent.h.
///
/// The backwards know the gates by their values alone. So the slope 1 - y² of a tanh is right to 1e-7, which is 1e-3 of
/// it at a sum of ±5, 5e-2 at ±7 and all of it at ±9 (PyTorch's is the same); to compute it of the sums would cost the
/// memory to keep those, or another pass. c' is at hand, and the slope of its tanh keeps all digits.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// gates: (rows, 4H), in: the sums a, out: the gates i f g o. From c = cell_in follow cell_out = c', which may be the
/// same array, and hidden = h', all (rows, H).
void lstm_forward(int rows, int size, Real* gates, const Real* cell_in, Real* cell_out, Real* hidden);

/// gates: in: i f g o, out: da. dcell: in: dc', out: dc. dhidden: dh'. Computes c' again, rather than read what it was.
void lstm_backward(int rows, int size, Real* gates, const Real* cell_in, const Real* dhidden, Real* dcell);

/// gates: (rows, 3H), in: the input's part x_r x_z x_n, out: the gates r z n. products: (rows, 3H), the hidden state's
/// part h_r h_z h_n. From h = hidden_in follow hidden_out = h' and, for the backward, product_n = h_n, all (rows, H).
void gru_forward(int rows, int size, Real* gates, const Real* products, const Real* hidden_in, Real* hidden_out,
                 Real* product_n);

/// gates: in: r z n, out: dx_r dx_z dx_n. dproducts: dh_r dh_z dh_n. dhidden: in: dh', out: dh without what flows
/// through the products.
void gru_backward(int rows, int size, Real* gates, const Real* product_n, const Real* hidden_in, Real* dhidden,
                  Real* dproducts);

}
}
