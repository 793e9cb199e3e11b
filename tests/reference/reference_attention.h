#pragma once

#include <vector>

#include "ops/attention.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"

/// The ops of ops/attention.h out of basic ops, sentence by sentence, so that padding is never touched.

namespace gradus::inline GRADUS_PRECISION {
namespace reference {

/// The keys or values of sentence b without padding.   x: (B, S, D) -> (length, D)
inline Tensor sentence(Tensor x, int b, int length) {
  return reshape(slice(slice(x, 0, b, b + 1), 1, 0, length), {length, x.dim(2)});
}

/// Rows of scores, each (length), filled up with zeros.   -> (N, S)
inline Tensor padded_rows(const std::vector<Tensor>& rows, int S) {
  std::vector<Tensor> padded;
  for (const Tensor& row : rows) {
    const int length = static_cast<int>(row.size());
    padded.push_back(concat({reshape(row, {1, length}), full({1, S - length}, 0)}, 1));
  }
  return concat(padded, 0);
}

inline Tensor additive_scores(Tensor query, Tensor keys, Tensor v, std::span<const int> lengths) {
  std::vector<Tensor> rows;
  for (int b = 0; b < query.dim(0); ++b) {
    const Tensor sums = slice(query, 0, b, b + 1) + sentence(keys, b, lengths[b]);
    rows.push_back(matmul(tanh(sums), reshape(v, {-1, 1})));
  }
  return padded_rows(rows, keys.dim(1));
}

inline Tensor dot_scores(Tensor query, Tensor keys, std::span<const int> lengths, Real scale) {
  std::vector<Tensor> rows;
  for (int b = 0; b < query.dim(0); ++b) {
    rows.push_back(scale * matmul(sentence(keys, b, lengths[b]), transpose(slice(query, 0, b, b + 1))));
  }
  return padded_rows(rows, keys.dim(1));
}

inline Tensor weighted_sum(Tensor weights, Tensor values, std::span<const int> lengths) {
  std::vector<Tensor> rows;
  for (int b = 0; b < weights.dim(0); ++b) {
    const Tensor own = slice(slice(weights, 0, b, b + 1), 1, 0, lengths[b]);
    rows.push_back(matmul(own, sentence(values, b, lengths[b])));
  }
  return concat(rows, 0);
}

}
}
