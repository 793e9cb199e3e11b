#include "ops/kernels/recurrent.h"

#include <cstddef>

#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES void lstm_forward(int rows, int size, Real* gates, const Real* cell_in, Real* cell_out,
                                     Real* hidden) {
  const std::size_t H = size;
  for (int row = 0; row < rows; ++row) {
    GRADUS_INDEPENDENT_LOOP
    for (std::size_t j = 0; j < H; ++j) {
      const Real i = sigmoid_approx(gates[j]);
      const Real f = sigmoid_approx(gates[H + j]);
      const Real g = tanh_approx(gates[2 * H + j]);
      const Real o = sigmoid_approx(gates[3 * H + j]);
      const Real c = f * cell_in[j] + i * g;
      gates[j] = i;
      gates[H + j] = f;
      gates[2 * H + j] = g;
      gates[3 * H + j] = o;
      cell_out[j] = c;
      hidden[j] = o * tanh_approx(c);
    }
    gates += 4 * H;
    cell_in += H;
    cell_out += H;
    hidden += H;
  }
}

GRADUS_SIMD_CLONES void lstm_backward(int rows, int size, Real* gates, const Real* cell_in, const Real* dhidden,
                                      Real* dcell) {
  const std::size_t H = size;
  for (int row = 0; row < rows; ++row) {
    GRADUS_INDEPENDENT_LOOP
    for (std::size_t j = 0; j < H; ++j) {
      const Real i = gates[j], f = gates[H + j], g = gates[2 * H + j], o = gates[3 * H + j];
      const Real dh = dhidden[j];
      const auto [tanh_c, slope] = tanh_slope_approx(f * cell_in[j] + i * g);
      const Real dc = dcell[j] + dh * o * slope;
      gates[j] = dc * g * i * (1 - i);
      gates[H + j] = dc * cell_in[j] * f * (1 - f);
      gates[2 * H + j] = dc * i * (1 - g * g);
      gates[3 * H + j] = dh * tanh_c * o * (1 - o);
      dcell[j] = dc * f;
    }
    gates += 4 * H;
    cell_in += H;
    dhidden += H;
    dcell += H;
  }
}

GRADUS_SIMD_CLONES void gru_forward(int rows, int size, Real* gates, const Real* products, const Real* hidden_in,
                                    Real* hidden_out, Real* product_n) {
  const std::size_t H = size;
  for (int row = 0; row < rows; ++row) {
    GRADUS_INDEPENDENT_LOOP
    for (std::size_t j = 0; j < H; ++j) {
      const Real h_n = products[2 * H + j];
      const Real r = sigmoid_approx(gates[j] + products[j]);
      const Real z = sigmoid_approx(gates[H + j] + products[H + j]);
      const Real n = tanh_approx(gates[2 * H + j] + r * h_n);
      gates[j] = r;
      gates[H + j] = z;
      gates[2 * H + j] = n;
      product_n[j] = h_n;
      hidden_out[j] = (1 - z) * n + z * hidden_in[j];
    }
    gates += 3 * H;
    products += 3 * H;
    hidden_in += H;
    hidden_out += H;
    product_n += H;
  }
}

GRADUS_SIMD_CLONES void gru_backward(int rows, int size, Real* gates, const Real* product_n, const Real* hidden_in,
                                     Real* dhidden, Real* dproducts) {
  const std::size_t H = size;
  for (int row = 0; row < rows; ++row) {
    GRADUS_INDEPENDENT_LOOP
    for (std::size_t j = 0; j < H; ++j) {
      const Real r = gates[j], z = gates[H + j], n = gates[2 * H + j], dh = dhidden[j];
      const Real dx_n = dh * (1 - z) * (1 - n * n);
      const Real dx_z = dh * (hidden_in[j] - n) * z * (1 - z);
      const Real dx_r = dx_n * product_n[j] * r * (1 - r);
      gates[j] = dproducts[j] = dx_r;
      gates[H + j] = dproducts[H + j] = dx_z;
      gates[2 * H + j] = dx_n;
      dproducts[2 * H + j] = dx_n * r;
      dhidden[j] = dh * z;
    }
    gates += 3 * H;
    product_n += H;
    hidden_in += H;
    dhidden += H;
    dproducts += 3 * H;
  }
}

}
}
