#include <vector>

#include "autograd/names.h"
#include "ops/elementwise.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"
#include "ops/matmul.h"

namespace gradus::inline GRADUS_PRECISION {
namespace unfused {

namespace {

/// Columns [k H, (k + 1) H) of a: the sum for gate number k.
Tensor gate(Tensor a, int k, int H) { return slice(a, 1, k * H, (k + 1) * H); }

/// c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c').   a: (B, 4H), cell: (B, H)
LstmState lstm_gates(Tensor a, Tensor cell) {
  const int H = cell.dim(1);
  const Tensor i = named("i", sigmoid(gate(a, 0, H))), f = named("f", sigmoid(gate(a, 1, H)));
  const Tensor g = named("g", tanh(gate(a, 2, H))), o = named("o", sigmoid(gate(a, 3, H)));
  const Tensor next = named("c", f * cell + i * g);
  return {named("h", o * tanh(next)), next};
}

Tensor masked(Tensor hidden, Tensor mask) { return mask ? hidden * mask : hidden; }
Tensor plus(Tensor x, Tensor bias) { return bias ? x + bias : x; }

/// h' = (1 - z) ∘ n + z ∘ h.   projected = W_ih x + b_ih: (B, 3H), products = W_hh h + b_hh: (B, 3H)
Tensor gru_gates(Tensor projected, Tensor products, Tensor hidden) {
  const int H = hidden.dim(1);
  const Tensor r = named("r", sigmoid(gate(projected, 0, H) + gate(products, 0, H)));
  const Tensor z = named("z", sigmoid(gate(projected, 1, H) + gate(products, 1, H)));
  const Tensor n = named("n", tanh(gate(projected, 2, H) + r * gate(products, 2, H)));
  return named("h", (1 - z) * n + z * hidden);
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
std::vector<Tensor> state_rows(Tensor state, int B, int H) {
  std::vector<Tensor> rows;
  for (int b = 0; b < B; ++b) rows.push_back(state ? slice(state, 0, b, b + 1) : full({1, H}, 0));
  return rows;
}

Tensor row_if_any(Tensor x, int i) { return x ? slice(x, 0, i, i + 1) : x; }

/// (N, n), also of a row that is the same for all, (n).
Tensor as_rows(Tensor x, int N) { return x.rank() == 2 ? x : full({N, 1}, 0) + x; }

}

LstmState lstm_cell(Tensor base, List<LinearTerm> terms, Tensor cell) {
  return lstm_gates(as_rows(unfused::linear_sum(base, terms), cell.dim(0)), cell);
}

LstmOutput lstm_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, LstmState initial,
                         const Packing& packing, bool reverse, Tensor mask) {
  const Tensor sums = as_rows(unfused::linear_sum(base, terms), packing.rows()), weight = transpose(weight_hh);
  std::vector<Tensor> hidden = state_rows(initial.hidden, packing.batch(), weight_hh.dim(1));
  std::vector<Tensor> cell = state_rows(initial.cell, packing.batch(), weight_hh.dim(1));
  const Tensor output = each_step(packing, reverse, [&](int b, int row) {
    const Tensor carried = masked(hidden[b], row_if_any(mask, b));
    const LstmState next = lstm_gates(row_if_any(sums, row) + matmul(carried, weight), cell[b]);
    cell[b] = next.cell;
    return hidden[b] = next.hidden;
  });
  return {output, {concat(hidden, 0), concat(cell, 0)}};
}

Tensor gru_cell(Tensor projected, Tensor hidden, Tensor weight_hh, Tensor bias_hh, Tensor mask) {
  return gru_gates(projected, plus(matmul(masked(hidden, mask), transpose(weight_hh)), bias_hh), hidden);
}

GruOutput gru_sequence(Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial, const Packing& packing,
                       bool reverse, Tensor mask) {
  const Tensor weight = transpose(weight_hh);
  std::vector<Tensor> hidden = state_rows(initial, packing.batch(), weight_hh.dim(1));
  const Tensor output = each_step(packing, reverse, [&](int b, int row) {
    const Tensor carried = masked(hidden[b], row_if_any(mask, b));
    return hidden[b] = gru_gates(row_if_any(projected, row), plus(matmul(carried, weight), bias_hh), hidden[b]);
  });
  return {output, concat(hidden, 0)};
}

RnnOutput rnn_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, Tensor initial, const Packing& packing,
                       bool reverse, Nonlinearity nonlinearity, Tensor mask) {
  const Tensor sums = as_rows(unfused::linear_sum(base, terms), packing.rows()), weight = transpose(weight_hh);
  std::vector<Tensor> hidden = state_rows(initial, packing.batch(), weight_hh.dim(1));
  const Tensor output = each_step(packing, reverse, [&](int b, int row) {
    const Tensor a = row_if_any(sums, row) + matmul(masked(hidden[b], row_if_any(mask, b)), weight);
    return hidden[b] = named("h", nonlinearity == Nonlinearity::Tanh ? tanh(a) : relu(a));
  });
  return {output, concat(hidden, 0)};
}

}
}
