#pragma once

#include <utility>
#include <vector>

#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"
#include "ops/matmul.h"

/// The recurrent ops of ops/fused/recurrent.h, as their equations read, out of basic ops.

namespace gradus::inline GRADUS_PRECISION {
namespace reference {

/// Columns [k H, (k + 1) H) of a: the sum for gate number k.
inline Tensor gate(Tensor a, int k, int H) { return slice(a, 1, k * H, (k + 1) * H); }

/// c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c').   a: (B, 4H), cell: (B, H)
inline LstmState lstm_gates(Tensor a, Tensor cell) {
  const int H = cell.dim(1);
  const Tensor i = sigmoid(gate(a, 0, H)), f = sigmoid(gate(a, 1, H)), g = tanh(gate(a, 2, H));
  const Tensor o = sigmoid(gate(a, 3, H));
  const Tensor next = f * cell + i * g;
  return {o * tanh(next), next};
}

/// base + Σ x Wᵀ, over the columns of each term.
inline Tensor sum_of_terms(Tensor base, std::initializer_list<LinearTerm> terms) {
  Tensor a = base;
  for (const auto& [x, weight, first_col] : terms) {
    a = a + matmul(x, transpose(slice(weight, 1, first_col, first_col + x.dim(1))));
  }
  return a;
}

inline LstmState lstm_cell(Tensor base, std::initializer_list<LinearTerm> terms, Tensor cell) {
  return lstm_gates(sum_of_terms(base, terms), cell);
}

inline Tensor masked(Tensor hidden, Tensor mask) { return mask ? hidden * mask : hidden; }

inline Tensor gru_cell(Tensor projected, Tensor hidden, Tensor weight_hh, Tensor bias_hh, Tensor mask = {}) {
  const int H = hidden.dim(1);
  const Tensor products = matmul(masked(hidden, mask), transpose(weight_hh)) + bias_hh;
  const Tensor r = sigmoid(gate(projected, 0, H) + gate(products, 0, H));
  const Tensor z = sigmoid(gate(projected, 1, H) + gate(products, 1, H));
  const Tensor n = tanh(gate(projected, 2, H) + r * gate(products, 2, H));
  return (1 - z) * n + z * hidden;
}

/// Walks over the packed sequences one by one: `step(sequence, row)` does one step of a sequence on a row of the
/// packing and returns its hidden state, (1, H).   -> (rows, H)
template <class Step>
Tensor each_step(const Packing& packing, bool reverse, Step step) {
  std::vector<Tensor> hidden(packing.rows());
  for (int b = 0; b < packing.batch(); ++b) {
    for (int k = 0; k < packing.length(b); ++k) {
      const int row = packing.row(b, reverse ? packing.length(b) - 1 - k : k);
      hidden[row] = step(b, row);
    }
  }
  return concat(hidden, 0);
}

/// The rows of a state, one a sequence; zeros for an empty handle.
inline std::vector<Tensor> state_rows(Tensor state, int B, int H) {
  std::vector<Tensor> rows;
  for (int b = 0; b < B; ++b) rows.push_back(state ? slice(state, 0, b, b + 1) : full({1, H}, 0));
  return rows;
}

inline Tensor row_of(Tensor x, int i) { return x ? slice(x, 0, i, i + 1) : x; }

inline LstmOutput lstm_sequence(Tensor base, std::initializer_list<LinearTerm> terms, Tensor weight_hh,
                                LstmState initial, const Packing& packing, bool reverse, Tensor mask = {}) {
  const int H = weight_hh.dim(1);
  const Tensor sums = sum_of_terms(base, terms);
  std::vector<Tensor> hidden = state_rows(initial.hidden, packing.batch(), H);
  std::vector<Tensor> cell = state_rows(initial.cell, packing.batch(), H);
  const Tensor output = each_step(packing, reverse, [&](int b, int row) {
    const Tensor carried = masked(hidden[b], row_of(mask, b));
    const LstmState next = reference::lstm_cell(slice(sums, 0, row, row + 1), {{carried, weight_hh}}, cell[b]);
    cell[b] = next.cell;
    return hidden[b] = next.hidden;
  });
  return {output, {concat(hidden, 0), concat(cell, 0)}};
}

inline GruOutput gru_sequence(Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial,
                              const Packing& packing, bool reverse, Tensor mask = {}) {
  std::vector<Tensor> hidden = state_rows(initial, packing.batch(), weight_hh.dim(1));
  const Tensor output = each_step(packing, reverse, [&](int b, int row) {
    return hidden[b] =
               reference::gru_cell(slice(projected, 0, row, row + 1), hidden[b], weight_hh, bias_hh, row_of(mask, b));
  });
  return {output, concat(hidden, 0)};
}

}
}
