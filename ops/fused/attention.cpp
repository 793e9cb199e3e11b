#include "ops/fused/attention.h"

#include "autograd/scratch.h"
#include "ops/fused/unfused.h"
#include "ops/gradients.h"
#include "ops/kernels/attention.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

using detail::accumulator_if_needed;

namespace {

/// Throws unless each of the N rows of `x` has a sentence, and `states` has all rows of these rows.
void require_sentences(const char* op, const char* x_name, Tensor x, const char* states_name, Tensor states,
                       const SequenceRows& rows) {
  const std::size_t count = rows.length.size();
  if (x.rank() != 2 || states.rank() < 2 || std::size_t(x.dim(0)) > count) {
    fail("{}: {} is {}, {} is {}, there are {} sentences; need (N, .) with N <= {} and (…, .)", op, x_name, x.shape(),
         states_name, states.shape(), count, count);
  }
  detail::require_rows(op, states_name, states, rows, x.dim(0));
}

/// Calls visit(b, j, row) for every position j of the first `count` rows.
template <class Visit>
void each_position(const SequenceRows& rows, int count, Visit visit) {
  for (int b = 0; b < count; ++b) {
    for (int j = 0; j < rows.length[b]; ++j) visit(b, j, rows.start[b] + rows.offset[j]);
  }
}

}

namespace detail {

void require_rows(const char* op, const char* name, Tensor states, const SequenceRows& rows, int count) {
  const int available = states.value().rows();
  for (int b = 0; b < count; ++b) {
    const int length = rows.length[b];
    if (length == 0) continue;
    const int last = rows.start[b] + rows.offset[length - 1];
    if (last >= available) {
      fail("{}: sentence {} ends with row {}, but {} is {}: only {} rows", op, b, last, name, states.shape(),
           available);
    }
  }
}

}

SequenceRows SequenceRows::select(std::span<const int> chosen) const {
  Arena& arena = Tape::active().arena();
  return {arena.make_array(chosen.size(), [&](std::size_t i) { return start[chosen[i]]; }),
          arena.make_array(chosen.size(), [&](std::size_t i) { return length[chosen[i]]; }), offset};
}

SequenceRows SequenceRows::split(int heads) const {
  Arena& arena = Tape::active().arena();
  const std::size_t count = start.size() * heads;
  return {arena.make_array(count, [&](int i) { return start[i / heads] * heads + i % heads; }),
          arena.make_array(count, [&](int i) { return length[i / heads]; }),
          arena.make_array(offset.size(), [&](int j) { return offset[j] * heads; })};
}

SequenceRows padded_rows(std::span<const int> lengths, int steps) {
  Arena& arena = Tape::active().arena();
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    if (lengths[b] < 0 || lengths[b] > steps) {
      fail("sentences: lengths[{}] is {}; need 0 <= length <= {}, the steps", b, lengths[b], steps);
    }
  }
  return {arena.make_array(lengths.size(), [&](int b) { return b * steps; }), arena.copy(lengths),
          arena.make_array(steps, [](int j) { return j; })};
}

SequenceRows packed_rows(const Packing& packing, std::span<const int> order) {
  const std::size_t B = packing.batch(), S = packing.steps();
  if (!order.empty() && order.size() != B) {
    fail("sentences: order does not fit: {} numbers for {} sequences; need one for each, or none", order.size(), B);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0 || order[i] >= packing.batch()) {
      fail("sentences: no such sequence: order[{}] is {}; need 0 <= order < {}", i, order[i], B);
    }
  }
  Arena& arena = Tape::active().arena();
  const auto starts = arena.make_array(B, [&](int i) { return order.empty() ? i : order[i]; });
  return {starts, arena.make_array(B, [&](int i) { return packing.length(starts[i]); }),
          arena.make_array(S, [&](int j) { return packing.offset(j); })};
}

// With u = tanh(q[b] + k[b, j]) and the sum's gradient ds = de v ∘ (1 - u²):
//     dq[b] += Σ_j ds        dk[b, j] += ds        dv += Σ de u
Tensor additive_scores(Tensor query, Tensor keys, Tensor v, const SequenceRows& rows) {
  require_sentences("additive_scores", "query", query, "keys", keys, rows);
  const int N = query.dim(0), S = static_cast<int>(rows.offset.size()), A = keys.dim(-1);
  if (query.dim(1) != A || v.shape() != Shape{A}) {
    fail("additive_scores: sizes differ: query is {}, keys is {}, v is {}; need (N, A), (…, A) and (A)", query.shape(),
         keys.shape(), v.shape());
  }
  if (Unfused::is_on()) return unfused::additive_scores(query, keys, v, rows);
  Tensor scores = output({N, S}, {query, keys, v});
  kernels::fill(0, scores.value().data, scores.size());
  for (int b = 0; b < N; ++b) {
    kernels::additive_scores(rows.length[b], A, query.value().row(b), keys.value().row(rows.start[b]),
                             rows.offset.data(), v.value().data, scores.value().row(b));
  }
  record("additive_scores", scores, [=] {
    Scratch scratch;
    Real* const unused = scratch.allocate(A);  // takes what needs no gradient
    kernels::fill(0, unused, A);
    const Array dquery = accumulator_if_needed(query), dkeys = accumulator_if_needed(keys);
    detail::RowSums dv(A, scratch);
    for (int b = 0; b < N; ++b) {
      const int start = rows.start[b];
      kernels::additive_scores_backward(rows.length[b], A, query.value().row(b), keys.value().row(start),
                                        rows.offset.data(), v.value().data, scores.grad().row(b),
                                        dquery.data ? dquery.row(b) : unused, dkeys.data ? dkeys.row(start) : unused,
                                        dkeys.data ? A : 0, dv.next());
    }
    if (v.needs_grad()) dv.add_to(accumulator(v));
  });
  return scores;
}

Tensor dot_scores(Tensor query, Tensor keys, const SequenceRows& rows, Real scale) {
  require_sentences("dot_scores", "query", query, "keys", keys, rows);
  const int N = query.dim(0), S = static_cast<int>(rows.offset.size()), H = keys.dim(-1);
  if (query.dim(1) != H) {
    fail("dot_scores: sizes differ: query is {}, keys is {}; need query.dim(-1) == keys.dim(-1)", query.shape(),
         keys.shape());
  }
  if (Unfused::is_on()) return unfused::dot_scores(query, keys, rows, scale);
  Tensor scores = output({N, S}, {query, keys});
  kernels::fill(0, scores.value().data, scores.size());
  each_position(rows, N, [&, e = scores.value(), q = query.value(), k = keys.value()](int b, int j, int key) {
    e.row(b)[j] = scale * kernels::dot(q.row(b), k.row(key), H);
  });
  record("dot_scores", scores, [=] {
    const ConstArray q = query.value(), k = keys.value(), de = scores.grad();
    const Array dq = accumulator_if_needed(query), dk = accumulator_if_needed(keys);
    each_position(rows, N, [&](int b, int j, int key) {
      const Real factor = scale * de.row(b)[j];
      if (dq.data != nullptr) kernels::axpy(factor, k.row(key), dq.row(b), H);  // dq[b] += Σ_j scale de k[b, j]
      if (dk.data != nullptr) kernels::axpy(factor, q.row(b), dk.row(key), H);  // dk[b, j] += scale de q[b]
    });
  });
  return scores;
}

Tensor weighted_sum(Tensor weights, Tensor values, const SequenceRows& rows) {
  require_sentences("weighted_sum", "weights", weights, "values", values, rows);
  const int N = weights.dim(0), S = static_cast<int>(rows.offset.size()), H = values.dim(-1);
  if (weights.dim(1) != S) {
    fail("weighted_sum: lengths differ: weights is {}, the sentences have {} positions; need weights (N, {})",
         weights.shape(), S, S);
  }
  if (Unfused::is_on()) return unfused::weighted_sum(weights, values, rows);
  Tensor context = output({N, H}, {weights, values});
  kernels::fill(0, context.value().data, context.size());
  each_position(rows, N, [&, c = context.value(), w = weights.value(), v = values.value()](int b, int j, int value) {
    kernels::axpy(w.row(b)[j], v.row(value), c.row(b), H);
  });
  record("weighted_sum", context, [=] {
    const ConstArray w = weights.value(), v = values.value(), dc = context.grad();
    const Array dw = accumulator_if_needed(weights), dv = accumulator_if_needed(values);
    each_position(rows, N, [&](int b, int j, int value) {
      if (dw.data != nullptr) dw.row(b)[j] += kernels::dot(dc.row(b), v.row(value), H);  // dw[b, j] += dcᵀ v[b, j]
      if (dv.data != nullptr) kernels::axpy(w.row(b)[j], dc.row(b), dv.row(value), H);   // dv[b, j] += w[b, j] dc
    });
  });
  return context;
}

}
