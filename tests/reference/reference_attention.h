#pragma once

#include <vector>

#include "ops/elementwise.h"
#include "ops/fused/attention.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

/// The ops of ops/fused/attention.h out of basic ops, sentence by sentence, so that padding is never touched.

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

/// The rows of sentence b.   x: (rows, H) -> (length, H)
inline Tensor rows_of(Tensor x, const SequenceRows& sentences, int b) {
  std::vector<int> rows;
  for (int i = 0; i < sentences.length[b]; ++i) rows.push_back(sentences.start[b] + sentences.offset[i]);
  return gather_rows(x, rows);
}

/// 1 where position i sees position j.   -> (Tq, Tk)
inline Tensor seen(int Tq, int Tk, bool causal) {
  Tensor mask = full({Tq, Tk}, 1);
  for (int i = 0; causal && i < Tq; ++i) std::fill(mask.value().row(i) + i + 1, mask.value().row(i) + Tk, Real(0));
  return mask;
}

/// scaled_dot_attention of matrices whose rows all belong to a sentence, and to exactly one.
inline Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& queries,
                                   const SequenceRows& memory, const ScaledDotOptions& options) {
  const int B = static_cast<int>(queries.length.size()), D = query.dim(1) / options.heads;
  int weights = 0;
  for (int b = 0; b < B; ++b) weights += options.heads * queries.length[b] * memory.length[b];
  const Tensor dropped = dropout(full({weights}, 1), options.dropout);
  std::vector<Tensor> contexts;
  std::vector<int> place(query.dim(0));  // of each row among the contexts
  int begin = 0, row = 0;
  for (int b = 0; b < B; ++b) {
    const int Tq = queries.length[b], Tk = memory.length[b];
    std::vector<Tensor> heads;
    for (int k = 0; k < options.heads; ++k, begin += Tq * Tk) {
      const auto part = [&](Tensor x, const SequenceRows& s) { return slice(rows_of(x, s, b), 1, k * D, (k + 1) * D); };
      const Tensor scores = matmul(part(query, queries), transpose(part(keys, memory)));
      const Tensor a = softmax(scores / std::sqrt(static_cast<Real>(D)), seen(Tq, Tk, options.causal));
      const Tensor mask = reshape(slice(dropped, 0, begin, begin + Tq * Tk), {Tq, Tk});
      heads.push_back(matmul(a * mask, part(values, memory)));
    }
    contexts.push_back(concat(heads, 1));
    for (int i = 0; i < Tq; ++i) place[queries.start[b] + queries.offset[i]] = row++;
  }
  return gather_rows(concat(contexts, 0), place);
}

}
}
