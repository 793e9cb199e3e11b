#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/elementwise.h"
#include "ops/fused/attention.h"
#include "ops/fused/monotonic.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/softmax.h"

/// Sentence by sentence, so that padding is never touched.

namespace gradus::inline GRADUS_PRECISION {
namespace unfused {

namespace {

/// The rows of sentence b.   x: (…, D) -> (length, D)
Tensor rows_of(Tensor x, const SequenceRows& sentences, int b) {
  std::vector<int> rows;
  for (int i = 0; i < sentences.length[b]; ++i) rows.push_back(sentences.start[b] + sentences.offset[i]);
  const Tensor matrix = x.rank() == 2 ? x : reshape(x, {-1, x.dim(-1)});
  bool is_all = static_cast<int>(rows.size()) == matrix.dim(0);
  for (std::size_t i = 0; i < rows.size(); ++i) is_all &= rows[i] == static_cast<int>(i);
  return is_all ? matrix : gather_rows(matrix, rows);
}

/// The rows of all sentences, each as `row(b)`, (1, n).   -> (N, n)
template <class Row>
Tensor each_sentence(int N, Row row) {
  std::vector<Tensor> rows;
  for (int b = 0; b < N; ++b) rows.push_back(row(b));
  return rows.size() == 1 ? rows[0] : concat(rows, 0);
}

/// Scores of one sentence, (length, 1), and 0 beyond its length.   -> (1, S)
Tensor padded(Tensor scores, int S) {
  const int length = static_cast<int>(scores.size());
  const Tensor row = reshape(scores, {1, length});
  return length == S ? row : concat({row, full({1, S - length}, 0)}, 1);
}

Tensor row_of(Tensor x, int i) { return x.dim(0) == 1 ? x : slice(x, 0, i, i + 1); }

/// 1 where position i sees position j.   -> (Tq, Tk)
Tensor seen(int Tq, int Tk, bool causal) {
  Tensor mask = full({Tq, Tk}, 1);
  for (int i = 0; causal && i < Tq; ++i) std::fill(mask.value().row(i) + i + 1, mask.value().row(i) + Tk, Real(0));
  return mask;
}

/// The part of an optional mask for head k of sentence b, which broadcasts to (Tq, Tk).
Tensor part_of(Tensor mask, int b, int k, int Tq, int Tk) {
  if (!mask) return mask;
  int dims[4] = {1, 1, 1, 1};
  std::copy(mask.shape().begin(), mask.shape().end(), dims + 4 - mask.rank());
  Tensor part = reshape(mask, dims);
  const int begins[] = {b, k, 0, 0}, ends[] = {b + 1, k + 1, Tq, Tk};
  for (int axis = 0; axis < 4; ++axis) {
    if (dims[axis] != 1) part = slice(part, axis, begins[axis], ends[axis]);
  }
  return reshape(part, {part.dim(2), part.dim(3)});
}

/// The softmax of what a head sees, without what the masks leave out.   scores, seen: (Tq, Tk)
Tensor masked_softmax(Tensor scores, Tensor seen, Tensor allowed, Tensor bias) {
  if (bias) scores = scores + bias;
  return softmax(scores, allowed ? seen * allowed : seen);
}

}

Tensor additive_scores(Tensor query, Tensor keys, Tensor v, const SequenceRows& rows) {
  return each_sentence(query.dim(0), [&](int b) {
    const Tensor hidden = tanh(rows_of(keys, rows, b) + row_of(query, b));
    return padded(matmul(hidden, reshape(v, {-1, 1})), static_cast<int>(rows.offset.size()));
  });
}

Tensor dot_scores(Tensor query, Tensor keys, const SequenceRows& rows, Real scale) {
  return each_sentence(query.dim(0), [&](int b) {
    const Tensor scores = matmul(rows_of(keys, rows, b), transpose(row_of(query, b)));
    return padded(scale == 1 ? scores : scale * scores, static_cast<int>(rows.offset.size()));
  });
}

Tensor weighted_sum(Tensor weights, Tensor values, const SequenceRows& rows) {
  return each_sentence(weights.dim(0), [&](int b) {
    const Tensor own = row_of(weights, b);
    const bool is_all = own.dim(1) == rows.length[b];
    return matmul(is_all ? own : slice(own, 1, 0, rows.length[b]), rows_of(values, rows, b));
  });
}

Tensor monotonic_alignment(Tensor p, Tensor previous, std::span<const int> lengths) {
  const int S = p.dim(1);
  return each_sentence(p.dim(0), [&](int i) {
    const auto at = [&](Tensor x, int j) { return slice(row_of(x, i), 1, j, j + 1); };
    std::vector<Tensor> columns;
    Tensor q;
    for (int j = 0; j < lengths[i]; ++j) {
      q = j == 0 ? at(previous, 0) : (1 - at(p, j - 1)) * q + at(previous, j);
      columns.push_back(at(p, j) * q);
    }
    return columns.empty() ? full({1, S}, 0) : padded(concat(columns, 1), S);
  });
}

Tensor chunkwise_weights(Tensor alignment, Tensor energies, int chunk, std::span<const int> lengths) {
  const int S = alignment.dim(1);
  return each_sentence(alignment.dim(0), [&](int i) {
    Tensor sum = full({1, S}, 0);
    for (int k = 0; k < lengths[i]; ++k) {
      const int begin = std::max(0, k + 1 - chunk);
      const Tensor s = padded(softmax(slice(row_of(energies, i), 1, begin, k + 1)), S - begin);
      const Tensor row = begin == 0 ? s : concat({full({1, begin}, 0), s}, 1);
      sum = sum + slice(row_of(alignment, i), 1, k, k + 1) * row;
    }
    return sum;
  });
}

Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& queries,
                            const SequenceRows& memory, const ScaledDotOptions& options) {
  const int B = static_cast<int>(queries.length.size()), H = query.dim(-1), D = H / options.heads;
  int weights = 0;
  for (int b = 0; b < B; ++b) weights += options.heads * queries.length[b] * memory.length[b];
  const Tensor dropped = options.dropout > 0 ? dropout(full({weights}, 1), options.dropout) : Tensor();
  std::vector<Tensor> contexts;
  const int rows = static_cast<int>(query.size()) / H;
  std::vector<int> place(rows, -1);  // of each row among the contexts
  int begin = 0, row = 0;
  for (int b = 0; b < B; ++b) {
    const int Tq = queries.length[b], Tk = memory.length[b];
    const Tensor q = rows_of(query, queries, b), k = rows_of(keys, memory, b), v = rows_of(values, memory, b);
    std::vector<Tensor> heads;
    for (int head = 0; head < options.heads; ++head, begin += Tq * Tk) {
      const auto part = [&](Tensor x) { return options.heads == 1 ? x : slice(x, 1, head * D, (head + 1) * D); };
      const Tensor scores = matmul(part(q), transpose(part(k))) / std::sqrt(static_cast<Real>(D));
      const auto mask = [&](Tensor x) { return part_of(x, b, head, Tq, Tk); };
      Tensor a = options.causal || options.mask ? masked_softmax(scores, seen(Tq, Tk, options.causal),
                                                                 mask(options.mask.allowed), mask(options.mask.bias))
                                                : softmax(scores);
      if (dropped) a = a * reshape(slice(dropped, 0, begin, begin + Tq * Tk), {Tq, Tk});
      heads.push_back(matmul(a, part(v)));
    }
    contexts.push_back(heads.size() == 1 ? heads[0] : concat(heads, 1));
    for (int i = 0; i < Tq; ++i) place[queries.start[b] + queries.offset[i]] = row++;
  }
  contexts.push_back(full({1, H}, 0));  // of rows that are in no sentence
  for (int& i : place) i = i < 0 ? row : i;
  return reshape(gather_rows(concat(contexts, 0), place), query.shape());
}

}
}
