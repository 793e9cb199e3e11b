#include "ops/fused/scaled_dot_attention.h"

#include <cmath>
#include <optional>

#include "autograd/scratch.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/blas.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/random.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/masking.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

void require_fit(Tensor query, Tensor keys, Tensor values, const SequenceRows& query_rows, const SequenceRows& key_rows,
                 const ScaledDotOptions& options) {
  constexpr const char* kOp = "scaled_dot_attention";
  if (query.rank() < 2 || keys.rank() < 2 || keys.shape() != values.shape() || query.dim(-1) != keys.dim(-1)) {
    fail("{}: sizes differ: query is {}, keys is {}, values is {}; need (…, H), and keys and values alike", kOp,
         query.shape(), keys.shape(), values.shape());
  }
  if (options.heads < 1 || query.dim(-1) % options.heads != 0) {
    fail("{}: {} heads for query {}; need a size that is a multiple of the heads", kOp, options.heads, query.shape());
  }
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    fail("{}: bad dropout: {}; need 0 <= dropout < 1", kOp, options.dropout);
  }
  const std::size_t count = query_rows.length.size();
  if (key_rows.length.size() != count) {
    fail("{}: {} sentences attend to {}; need as many", kOp, count, key_rows.length.size());
  }
  for (std::size_t b = 0; options.causal && b < count; ++b) {
    if (query_rows.length[b] != key_rows.length[b]) {
      fail("{}: sentence {} has {} queries and {} keys; causal attention needs as many", kOp, b, query_rows.length[b],
           key_rows.length[b]);
    }
  }
  if (options.mask.allowed) detail::require_constant(kOp, options.mask.allowed);
  const Shape scores{static_cast<int>(count), options.heads, static_cast<int>(query_rows.offset.size()),
                     static_cast<int>(key_rows.offset.size())};
  for (const Tensor& mask : {options.mask.allowed, options.mask.bias}) {
    if (!mask || broadcast(kOp, mask.shape(), scores) == scores) continue;
    fail("{}: the mask is {}; need one that broadcasts to (B, heads, T, S) = {}", kOp, mask.shape(), scores);
  }
  detail::require_rows(kOp, "query", query, query_rows, count);
  detail::require_rows(kOp, "keys", keys, key_rows, count);
}

/// The rows of sentence b, which products need below each other.
struct SentenceRows {
  const SequenceRows& rows;
  int b;

  int count() const { return rows.length[b]; }
  Real* copy(const ConstArray& x, Scratch& scratch) const {
    const std::size_t H = x.cols();
    Real* const copies = scratch.allocate(count() * H);
    for (int i = 0; i < count(); ++i) kernels::copy(row(x, i), copies + i * H, H);
    return copies;
  }
  void add(const Real* numbers, const Array& x) const {
    const std::size_t H = x.cols();
    for (int i = 0; i < count(); ++i) kernels::add(row(x, i), numbers + i * H, row(x, i), H);
  }

 private:
  template <class Number>
  Number* row(const BasicArray<Number>& x, int i) const {
    return x.row(rows.start[b] + rows.offset[i]);
  }
};

/// The loops of one head: of Tq queries and Tk keys, in rows of H numbers of which D are its own.
struct Head {
  int Tq, Tk, H, D;
  bool causal;

  std::size_t size() const { return std::size_t(Tq) * Tk; }
  int seen(int i) const { return causal ? i + 1 : Tk; }

  /// w_ij = factor x_iᵀ y_j
  void products(Real factor, const Real* x, const Real* y, Real* w) const {
    gemm(N, T, Tq, Tk, D, factor, x, H, y, H, 0, w, Tk);
  }
  /// Row by row the softmax of what its query sees, 0 for the rest; of a row that a mask left nothing, 0.
  void softmax(Real* w, bool is_masked) const {
    for (int i = 0; i < Tq; ++i, w += Tk) {
      const bool is_empty = is_masked && kernels::max(w, seen(i)) == detail::kMinusInfinity;
      if (!is_empty) kernels::softmax_row(w, w, seen(i));
      const int first = is_empty ? 0 : seen(i);
      kernels::fill(0, w + first, Tk - first);
    }
  }
  /// dw becomes w ∘ (dw - Σ_j w dw).
  void softmax_gradient(const Real* w, Real* dw) const {
    for (int i = 0; i < Tq; ++i, w += Tk, dw += Tk) {
      kernels::softmax_gradient(w, dw, seen(i));
      kernels::fill(0, dw + seen(i), Tk - seen(i));
    }
  }
  /// y_i = factor Σ_j w_ij x_j over what the query sees; nothing else is read, since 0 · NaN is not 0.
  void sums_of_seen(Real factor, const Real* w, const Real* x, Real* y) const {
    if (!causal) return gemm(N, N, Tq, D, Tk, factor, w, Tk, x, H, 0, y, H);
    for (int i = 0; i < Tq; ++i) gemm(N, N, 1, D, i + 1, factor, w + i * Tk, Tk, x, H, 0, y + i * H, H);
  }
  /// y_j = factor Σ_i w_ij x_i
  void sums_by_key(Real factor, const Real* w, const Real* x, Real* y) const {
    gemm(T, N, Tk, D, Tq, factor, w, Tk, x, H, 0, y, H);
  }
};

/// A tensor that broadcasts to (B, heads, T, S), row by row.
class MaskRows {
 public:
  explicit MaskRows(const Shape& shape) {
    std::size_t size = 1;
    for (int axis = -1; axis >= -shape.rank(); size *= static_cast<std::size_t>(shape[axis--])) {
      steps_[4 + axis] = shape[axis] == 1 ? 0 : size;
    }
  }
  /// Where the row of a query begins, and how far its numbers are apart: 1, or 0 for one number.
  Broadcast::Place operator()(int b, int head, int i) const {
    return {b * steps_[0] + head * steps_[1] + i * steps_[2], steps_[3]};
  }

 private:
  std::size_t steps_[4] = {};
};

/// The scores of head number k of sentence b with their mask: what it leaves out becomes -inf.
void apply(const AttentionMask& mask, const Head& head, int b, int k, Real* scores) {
  for (int i = 0; i < head.Tq; ++i, scores += head.Tk) {
    if (mask.bias) {
      const auto [begin, step] = MaskRows(mask.bias.shape())(b, k, i);
      const Real* const row = mask.bias.value().data + begin;
      for (int j = 0; j < head.Tk; ++j) scores[j] += row[j * step];
    }
    if (mask.allowed) {
      const auto [begin, step] = MaskRows(mask.allowed.shape())(b, k, i);
      const Real* const row = mask.allowed.value().data + begin;
      for (int j = 0; j < head.Tk; ++j) scores[j] = row[j * step] != 0 ? scores[j] : detail::kMinusInfinity;
    }
  }
}

/// dbias += dS
void add_bias_gradient(const MaskRows& rows, const Head& head, int b, int k, const Real* dscores,
                       StretchedGradient& dbias) {
  for (int i = 0; i < head.Tq; ++i, dscores += head.Tk) dbias.add(dscores, rows(b, k, i), head.Tk);
}

/// What a sentence's heads compute on: its queries, keys and values, each below each other.
struct Sentence {
  Sentence(Tensor query, Tensor keys, Tensor values, const SentenceRows& from, const SentenceRows& to,
           const ScaledDotOptions& options, Scratch& scratch)
      : head{from.count(), to.count(), query.dim(-1), query.dim(-1) / options.heads, options.causal},
        q(from.copy(query.value(), scratch)),
        k(to.copy(keys.value(), scratch)),
        v(to.copy(values.value(), scratch)) {}

  Head head;
  const Real *q, *k, *v;
};

/// The weights of all heads of all sentences, each (Tq, Tk), one after the other.
struct Weights {
  Real* numbers;
  Tape::RandomRange random;
  Real keep;  // the probability that dropout keeps a weight

  /// The dropout mask of those from `begin` on; null without dropout.
  const Real* mask(std::size_t begin, std::size_t count, Scratch& scratch) const {
    if (keep == 1) return nullptr;
    Real* const mask = scratch.allocate(count);
    kernels::dropout_mask(random.seed, random.begin + begin, keep, mask, count);
    return mask;
  }
};

/// x ∘ mask, or x if there is none.
const Real* masked(const Real* x, const Real* mask, std::size_t count, Scratch& scratch) {
  if (mask == nullptr) return x;
  Real* const product = scratch.allocate(count);
  kernels::mul(x, mask, product, count);
  return product;
}

Weights make_weights(const SequenceRows& query_rows, const SequenceRows& key_rows, const ScaledDotOptions& options) {
  std::size_t count = 0;
  for (std::size_t b = 0; b < query_rows.length.size(); ++b) {
    count += std::size_t(options.heads) * query_rows.length[b] * key_rows.length[b];
  }
  Tape& tape = Tape::active();
  return {tape.arena().allocate(count), tape.random(options.dropout > 0 ? count : 0), 1 - options.dropout};
}

}

Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& query_rows,
                            const SequenceRows& key_rows, const ScaledDotOptions& options) {
  require_fit(query, keys, values, query_rows, key_rows, options);
  if (Unfused::is_on()) return unfused::scaled_dot_attention(query, keys, values, query_rows, key_rows, options);
  const int H = query.dim(-1), D = H / options.heads, B = static_cast<int>(query_rows.length.size());
  const Real factor = 1 / std::sqrt(static_cast<Real>(D));
  const Weights weights = make_weights(query_rows, key_rows, options);
  const AttentionMask mask = options.mask;
  const bool is_masked = bool(mask);
  Tensor context = mask.bias ? output(query.shape(), {query, keys, values, mask.bias})
                             : output(query.shape(), {query, keys, values});
  kernels::fill(0, context.value().data, context.size());
  std::size_t begin = 0;
  for (int b = 0; b < B; ++b) {
    Scratch scratch;
    const SentenceRows from{query_rows, b}, to{key_rows, b};
    const auto [head, q, k, v] = Sentence(query, keys, values, from, to, options, scratch);
    Real* const c = scratch.allocate(head.Tq * std::size_t(H));
    for (int first = 0; first < H; first += D, begin += head.size()) {
      Scratch of_head;
      Real* const w = weights.numbers + begin;
      head.products(factor, q + first, k + first, w);  // S = Q Kᵀ / √D
      if (is_masked) apply(mask, head, b, first / D, w);
      head.softmax(w, is_masked);  // A = softmax(S)
      const Real* const a = masked(w, weights.mask(begin, head.size(), of_head), head.size(), of_head);
      head.sums_of_seen(1, a, v + first, c + first);  // C = A V
    }
    from.add(c, context.value());
  }
  record("scaled_dot_attention", context, [=] {
    Scratch sums;
    std::optional<StretchedGradient> dbias;
    if (mask.bias && mask.bias.needs_grad()) dbias.emplace(mask.bias, 0, sums);  // as if stretched: always in double
    std::size_t begin = 0;
    for (int b = 0; b < B; ++b) {
      Scratch scratch;
      const SentenceRows from{query_rows, b}, to{key_rows, b};
      const auto [head, q, k, v] = Sentence(query, keys, values, from, to, options, scratch);
      const Real* const dc = from.copy(context.grad(), scratch);
      const auto rows = [&](int count) { return scratch.allocate(count * std::size_t(H)); };
      Real *const dq = rows(head.Tq), *const dk = rows(head.Tk), *const dv = rows(head.Tk);
      Real* const ds = scratch.allocate(head.size());
      for (int first = 0; first < H; first += D, begin += head.size()) {
        Scratch of_head;
        const Real *w = weights.numbers + begin, *dropped = weights.mask(begin, head.size(), of_head);
        head.sums_by_key(1, masked(w, dropped, head.size(), of_head), dc + first, dv + first);  // dV = Aᵀ dC
        head.products(1, dc + first, v + first, ds);                                            // dA = dC Vᵀ
        if (dropped) kernels::mul(ds, dropped, ds, head.size());
        head.softmax_gradient(w, ds);  // dS = A ∘ (dA - Σ A dA)
        if (dbias) add_bias_gradient(MaskRows(mask.bias.shape()), head, b, first / D, ds, *dbias);
        head.sums_of_seen(factor, ds, k + first, dq + first);  // dQ = dS K / √D
        head.sums_by_key(factor, ds, q + first, dk + first);   // dK = dSᵀ Q / √D
      }
      if (query.needs_grad()) from.add(dq, accumulator(query));
      if (keys.needs_grad()) to.add(dk, accumulator(keys));
      if (values.needs_grad()) to.add(dv, accumulator(values));
    }
    if (dbias) dbias->finish();
  });
  return context;
}

}
