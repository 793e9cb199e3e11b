#include "ops/attention.h"

#include "ops/attention_kernels.h"
#include "ops/kernels.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Throws unless there are N <= B rows of `rows` for the B sentences of `sequences`, with as many lengths in [0, S].
void require_sentences(const char* op, const char* rows_name, Tensor rows, const char* sequences_name, Tensor sequences,
                       std::span<const int> lengths) {
  if (rows.rank() != 2 || sequences.rank() != 3 || rows.dim(0) > sequences.dim(0)) {
    fail("{}: {} is {}, {} is {}; need (N, .) and (B, S, .) with N <= B", op, rows_name, rows.shape(), sequences_name,
         sequences.shape());
  }
  if (lengths.size() != std::size_t(sequences.dim(0))) {
    fail("{}: {} lengths for {} of shape {}; need one a sentence", op, lengths.size(), sequences_name,
         sequences.shape());
  }
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    if (lengths[b] < 0 || lengths[b] > sequences.dim(1)) {
      fail("{}: lengths[{}] is {}; need 0 <= length <= {}, as {} is {}", op, b, lengths[b], sequences.dim(1),
           sequences_name, sequences.shape());
    }
  }
}

/// Row i of an array seen as a matrix.
Real* row(const Array& x, std::size_t i) { return x.data + i * x.cols(); }

}

// With u = tanh(q[b] + k[b, j]) and the sum's gradient ds = de v ∘ (1 - u²):
//     dq[b] += Σ_j ds        dk[b, j] += ds        dv += Σ de u
Tensor additive_scores(Tensor query, Tensor keys, Tensor v, std::span<const int> lengths) {
  require_sentences("additive_scores", "query", query, "keys", keys, lengths);
  const int N = query.dim(0), S = keys.dim(1), A = keys.dim(2);
  if (query.dim(1) != A || v.shape() != Shape{A}) {
    fail("additive_scores: sizes differ: query is {}, keys is {}, v is {}; need (N, A), (B, S, A) and (A)",
         query.shape(), keys.shape(), v.shape());
  }
  Tensor scores = output({N, S}, {query, keys, v});
  for (int b = 0; b < N; ++b) {
    Real* const e = row(scores.value(), b);
    kernels::additive_scores(lengths[b], A, row(query.value(), b), row(keys.value(), b * S), v.value().data, e);
    kernels::fill(0, e + lengths[b], S - lengths[b]);
  }
  record("additive_scores", scores, [=, lengths = Tape::active().copy(lengths.first(N))] {
    Scratch scratch;
    Real* const unused = scratch.allocate(A);  // takes what needs no gradient
    kernels::fill(0, unused, A);
    for (int b = 0; b < N; ++b) {
      kernels::additive_scores_backward(lengths[b], A, row(query.value(), b), row(keys.value(), b * S), v.value().data,
                                        row(scores.grad(), b), query.needs_grad() ? row(query.grad(), b) : unused,
                                        keys.needs_grad() ? row(keys.grad(), b * S) : unused, keys.needs_grad() ? A : 0,
                                        v.needs_grad() ? v.grad().data : unused);
    }
  });
  return scores;
}

Tensor dot_scores(Tensor query, Tensor keys, std::span<const int> lengths, Real scale) {
  require_sentences("dot_scores", "query", query, "keys", keys, lengths);
  const int N = query.dim(0), S = keys.dim(1), H = keys.dim(2);
  if (query.dim(1) != H) {
    fail("dot_scores: sizes differ: query is {}, keys is {}; need query.dim(-1) == keys.dim(-1)", query.shape(),
         keys.shape());
  }
  Tensor scores = output({N, S}, {query, keys});
  for (int b = 0; b < N; ++b) {
    const Real* const q = row(query.value(), b);
    Real* const e = row(scores.value(), b);
    for (int j = 0; j < lengths[b]; ++j) e[j] = scale * kernels::dot(q, row(keys.value(), b * S + j), H);
    kernels::fill(0, e + lengths[b], S - lengths[b]);
  }
  record("dot_scores", scores, [=, lengths = Tape::active().copy(lengths.first(N))] {
    for (int b = 0; b < N; ++b) {
      const Real* const de = row(scores.grad(), b);
      for (int j = 0; j < lengths[b]; ++j) {
        const int key = b * S + j;
        if (query.needs_grad()) {  // dq[b] += Σ_j scale de k[b, j]
          kernels::axpy(scale * de[j], row(keys.value(), key), row(query.grad(), b), H);
        }
        if (keys.needs_grad()) {  // dk[b, j] += scale de q[b]
          kernels::axpy(scale * de[j], row(query.value(), b), row(keys.grad(), key), H);
        }
      }
    }
  });
  return scores;
}

Tensor weighted_sum(Tensor weights, Tensor values, std::span<const int> lengths) {
  require_sentences("weighted_sum", "weights", weights, "values", values, lengths);
  const int N = weights.dim(0), S = values.dim(1), H = values.dim(2);
  if (weights.dim(1) != S) {
    fail("weighted_sum: lengths differ: weights is {}, values is {}; need weights.dim(1) == values.dim(1)",
         weights.shape(), values.shape());
  }
  Tensor context = output({N, H}, {weights, values});
  for (int b = 0; b < N; ++b) {
    const Real* const w = row(weights.value(), b);
    Real* const c = row(context.value(), b);
    kernels::fill(0, c, H);
    for (int j = 0; j < lengths[b]; ++j) kernels::axpy(w[j], row(values.value(), b * S + j), c, H);
  }
  record("weighted_sum", context, [=, lengths = Tape::active().copy(lengths.first(N))] {
    for (int b = 0; b < N; ++b) {
      const Real* const dc = row(context.grad(), b);
      for (int j = 0; j < lengths[b]; ++j) {
        const int value = b * S + j;
        if (weights.needs_grad()) {  // dw[b, j] += dcᵀ v[b, j]
          row(weights.grad(), b)[j] += kernels::dot(dc, row(values.value(), value), H);
        }
        if (values.needs_grad()) {  // dv[b, j] += w[b, j] dc
          kernels::axpy(row(weights.value(), b)[j], dc, row(values.grad(), value), H);
        }
      }
    }
  });
  return context;
}

}
