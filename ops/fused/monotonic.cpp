#include "ops/fused/monotonic.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "ops/fused/unfused.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Throws unless both are (N, S), with a length from 0 to S for each row.
void require_alike(const char* op, Tensor a, Tensor b, std::span<const int> lengths) {
  if (a.rank() != 2 || b.shape() != a.shape() || lengths.size() < static_cast<std::size_t>(a.dim(0))) {
    fail("{}: shapes differ: a is {}, b is {}, there are {} lengths; need (N, S) twice and N lengths or more", op,
         a.shape(), b.shape(), lengths.size());
  }
  for (int i = 0; i < a.dim(0); ++i) {
    if (lengths[i] < 0 || lengths[i] > a.dim(1)) {
      fail("{}: bad length: lengths[{}] is {}, a is {}; need 0 <= length <= {}", op, i, lengths[i], a.shape(),
           a.dim(1));
    }
  }
}

/// q_0 = a_0, q_j = (1 - p_j-1) q_j-1 + a_j.   (n) each
void reach(const Real* p, const Real* a, Real* q, int n) {
  for (int j = 0; j < n; ++j) q[j] = j == 0 ? a[j] : (1 - p[j - 1]) * q[j - 1] + a[j];
}

/// Calls visit(begin, size, softmax of u from begin on) for the chunk that ends at each k < n.
template <class Visit>
void each_chunk(const Real* u, int n, int chunk, Visit visit) {
  Scratch scratch;
  Real* const s = scratch.allocate(std::min(n, chunk));
  for (int k = 0; k < n; ++k) {
    const int begin = std::max(0, k + 1 - chunk), size = k + 1 - begin;
    kernels::softmax_row(u + begin, s, size);
    visit(k, begin, size, s);
  }
}

}

// Backward, from the last position to the first:
//     dq_j = p_j dα_j + (1 - p_j) dq_j+1        dp_j = q_j (dα_j - dq_j+1)        dα_i-1,j = dq_j
Tensor monotonic_alignment(Tensor p, Tensor previous, std::span<const int> lengths) {
  require_alike("monotonic_alignment", p, previous, lengths);
  if (Unfused::is_on()) return unfused::monotonic_alignment(p, previous, lengths);
  const int N = p.dim(0);
  Tensor alignment = output(p.shape(), {p, previous});
  kernels::fill(0, alignment.value().data, alignment.size());
  for (int i = 0; i < N; ++i) {
    Real* const row = alignment.value().row(i);
    reach(p.value().row(i), previous.value().row(i), row, lengths[i]);
    for (int j = 0; j < lengths[i]; ++j) row[j] *= p.value().row(i)[j];
  }
  record("monotonic_alignment", alignment, [=, lengths = Tape::active().arena().copy(lengths.first(N))] {
    const Array dp = detail::accumulator_if_needed(p), da = detail::accumulator_if_needed(previous);
    Scratch scratch;
    Real* const q = scratch.allocate(alignment.dim(1));
    for (int i = 0; i < N; ++i) {
      const Real* const stop = p.value().row(i);
      reach(stop, previous.value().row(i), q, lengths[i]);
      Real dq = 0;
      for (int j = lengths[i] - 1; j >= 0; --j) {
        const Real d = alignment.grad().row(i)[j];
        if (dp.data != nullptr) dp.row(i)[j] += q[j] * (d - dq);
        dq = stop[j] * d + (1 - stop[j]) * dq;
        if (da.data != nullptr) da.row(i)[j] += dq;
      }
    }
  });
  return alignment;
}

// With s_k = softmax of the chunk that ends at k:
//     β_j += α_k s_kj        dα_k = Σ_j s_kj dβ_j        du_j += α_k s_kj (dβ_j - dα_k)
Tensor chunkwise_weights(Tensor alignment, Tensor energies, int chunk, std::span<const int> lengths) {
  require_alike("chunkwise_weights", alignment, energies, lengths);
  if (chunk < 1) fail("chunkwise_weights: the chunk is {}; need at least 1 position", chunk);
  if (Unfused::is_on()) return unfused::chunkwise_weights(alignment, energies, chunk, lengths);
  const int N = alignment.dim(0);
  Tensor weights = output(alignment.shape(), {alignment, energies});
  kernels::fill(0, weights.value().data, weights.size());
  for (int i = 0; i < N; ++i) {
    const Real* const a = alignment.value().row(i);
    each_chunk(energies.value().row(i), lengths[i], chunk, [&](int k, int begin, int size, const Real* s) {
      if (a[k] != 0) kernels::axpy(a[k], s, weights.value().row(i) + begin, size);
    });
  }
  record("chunkwise_weights", weights, [=, lengths = Tape::active().arena().copy(lengths.first(N))] {
    const Array da = detail::accumulator_if_needed(alignment), du = detail::accumulator_if_needed(energies);
    for (int i = 0; i < N; ++i) {
      const Real* const a = alignment.value().row(i);
      each_chunk(energies.value().row(i), lengths[i], chunk, [&](int k, int begin, int size, const Real* s) {
        const Real* const d = weights.grad().row(i) + begin;
        const Real mean = kernels::dot(s, d, size);
        if (da.data != nullptr) da.row(i)[k] += mean;
        for (int l = 0; du.data != nullptr && l < size; ++l) du.row(i)[begin + l] += a[k] * s[l] * (d[l] - mean);
      });
    }
  });
  return weights;
}

}
