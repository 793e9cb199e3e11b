#include "nn/attention_scopes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/init.h"
#include "ops/compare.h"
#include "ops/create/random.h"
#include "ops/elementwise.h"
#include "ops/fused/monotonic.h"
#include "ops/kernels/random.h"
#include "ops/layout.h"
#include "ops/reduce.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// 1 where |s - centre(i)| <= D, else 0.   -> (N, S)
template <class Centre>
Tensor window_around(int rows, int steps, int window, Centre centre) {
  Tensor result = full({rows, steps}, 0);
  for (int i = 0; i < rows; ++i) {
    const double p = centre(i);
    for (int s = 0; s < steps; ++s) result.value().row(i)[s] = std::abs(s - p) <= window ? 1 : 0;
  }
  return result;
}

/// All rows at position 0, where monotonic attention begins.   -> (N, S)
Tensor first_positions(int rows, int steps) {
  Tensor result = full({rows, steps}, 0);
  for (int i = 0; i < rows; ++i) result.value().row(i)[0] = 1;
  return result;
}

/// How many positions are read when each row stops at its 1, or one more than there are if it has none.   -> (N)
Tensor stops(Tensor alignment, std::span<const int> lengths) {
  Tensor result = full({alignment.dim(0)}, 0);
  for (int i = 0; i < alignment.dim(0); ++i) {
    const Real* const row = alignment.value().row(i);
    const auto passed = std::find(row, row + lengths[i], Real(1)) - row;
    result.value()[i] = static_cast<Real>(passed + 1);
  }
  return result;
}

/// The logarithm of a probability, which for 0 is very small but finite, so that 0 · log 0 = 0.
Tensor log_probability(Tensor p) { return log(clamp(p, Real(1e-30), 1)); }

}

AttentionScope::Weights LocalMonotonic::operator()(Tensor scores, Tensor, const KeysValues& source,
                                                   const AttentionStep& step, bool) {
  const auto centre = [&](int i) { return std::min(step.position, source.rows.length[i] - 1); };
  return {normalize(scores, source, window_around(scores.dim(0), scores.dim(1), window, centre)), {}, {}};
}

LocalPredictive::LocalPredictive(Attention* attention, int query_size, int window)
    : window(window),
      inner{attention, "window_inner", query_size, query_size, false},
      centre{attention, "window_centre", query_size, attention->heads(), false} {
  if (window < 1) fail("attention: the window is {}; need at least 1 position on each side", window);
}

Tensor LocalPredictive::positions(Tensor query, const KeysValues& source) {
  const Tensor p = reshape(sigmoid(centre(inner.tanh({query}))), {-1, 1});
  Tensor lengths = full(p.shape(), 0);
  for (int i = 0; i < p.dim(0); ++i) lengths.value()[i] = static_cast<Real>(source.rows.length[i]);
  return lengths * p;
}

AttentionScope::Weights LocalPredictive::operator()(Tensor scores, Tensor query, const KeysValues& source,
                                                    const AttentionStep&, bool) {
  const int N = scores.dim(0), S = scores.dim(1);
  const Tensor p = positions(query, source);
  Tensor places = full({1, S}, 0);
  for (int s = 0; s < S; ++s) places.value()[s] = static_cast<Real>(s);
  const Tensor weights = normalize(scores, source, window_around(N, S, window, [&](int i) { return p.value()[i]; }));
  const Real sigma = static_cast<Real>(window) / 2;
  return {weights * exp(square(places - p) * (-1 / (2 * sigma * sigma))), {}, {}};
}

WaitK::WaitK(int wait) : wait(wait) {
  if (wait < 1) fail("attention: wait-k waits for {} words; need at least 1", wait);
}

AttentionScope::Weights WaitK::operator()(Tensor scores, Tensor, const KeysValues& source, const AttentionStep& step,
                                          bool) {
  const int N = scores.dim(0), delay = step.position + wait;
  const std::span seen =
      Tape::active().arena().make_array(N, [&](std::size_t i) { return std::min(source.rows.length[i], delay); });
  return {normalize(scores, source.first(seen)), {}, {}, full({N}, static_cast<Real>(delay))};
}

MonotonicScope::MonotonicScope(Attention* attention, double noise)
    : noise(noise), offset{attention, "stop_offset", {1}, init::constant(-1)} {
  if (!(noise >= 0)) fail("attention: the noise of energies is {}; need at least 0", noise);
}

AttentionScope::Weights MonotonicScope::operator()(Tensor scores, Tensor, const KeysValues& source,
                                                   const AttentionStep& step, bool training) {
  const int N = scores.dim(0), S = scores.dim(1);
  Tensor previous = step.alignment ? reshape(step.alignment, {N, S}) : first_positions(N, S);
  Tensor e = scores + offset;
  if (training && noise > 0) e = e + randn(e.shape()) * static_cast<Real>(noise);
  Tensor p = training ? sigmoid(e) : gt(e, 0);
  if (source.mask) p = p * first_rows(source.mask, N);
  const Tensor alignment = monotonic_alignment(p, previous, source.rows.length);
  return {alignment, {}, {}, training ? Tensor() : stops(alignment, source.rows.length), alignment};
}

ChunkwiseScope::ChunkwiseScope(Attention* attention, double noise, int query_size, int value_size, int chunk)
    : MonotonicScope(attention, noise), chunk(chunk), energy{attention, "chunk_energy", query_size, value_size, false} {
  if (chunk < 1) fail("attention: the chunk is {}; need at least 1 position", chunk);
}

AttentionScope::Weights ChunkwiseScope::operator()(Tensor scores, Tensor query, const KeysValues& source,
                                                   const AttentionStep& step, bool training) {
  Weights result = MonotonicScope::operator()(scores, query, source, step, training);
  const int H = source.values.dim(-1);
  Tensor u = dot_scores(reshape(energy(query), {-1, H}), source.values, source.rows, 1 / std::sqrt(Real(H)));
  if (source.mask) u = masked_fill(u, eq(first_rows(source.mask, u.dim(0)), 0), -std::numeric_limits<Real>::infinity());
  result.weights = chunkwise_weights(result.alignment, u, chunk, source.rows.length);
  return result;
}

AttentionScope::Weights HardScope::operator()(Tensor scores, Tensor, const KeysValues& source, const AttentionStep&,
                                              bool training) {
  const Tensor distribution = normalize(scores, source);
  const int N = scores.dim(0), S = scores.dim(1);
  const Tape::RandomRange random = Tape::active().random(training ? 2 * N : 0);
  const auto uniform = [&](int i) { return kernels::uniform(random.seed, random.begin + i); };
  Tensor chosen = full({N, S}, 0), hard = full({N, 1}, 1);
  int* const positions = Tape::active().arena().allocate<int>(N);
  for (int i = 0; i < N; ++i) {
    const Real* const p = distribution.value().row(i);
    positions[i] = training ? detail::draw(p, S, uniform(i)) : static_cast<int>(std::max_element(p, p + S) - p);
    const bool masked = p[positions[i]] <= 0;  // as a whole
    if (masked || (training && uniform(N + i / source.heads) < expected_share)) {
      hard.value()[i] = 0;
    } else {
      chosen.value().row(i)[positions[i]] = 1;
    }
  }
  const Tensor log_p = log_probability(distribution);
  const Tensor drawn =
      squeeze(take_along_axis(log_p, {positions, static_cast<std::size_t>(N)}), -1) * reshape(hard, {N});
  const Tensor weights = training && expected_share > 0 ? chosen + distribution * (1 - hard) : chosen;
  return {weights, drawn, -sum(distribution * log_p, -1)};
}

namespace {

/// The share of words for which hard attention stays soft in training (Xu et al. 2015, section 4.1).
constexpr Real kExpectedShare = Real(0.5);

using Made = std::unique_ptr<AttentionScope>;

constexpr NamedScope kScopes[] = {
    {"global", [](Attention*, const ScopeSizes&) -> Made { return std::make_unique<GlobalScope>(); }},
    {"local-m",
     [](Attention*, const ScopeSizes& sizes) -> Made { return std::make_unique<LocalMonotonic>(sizes.window); }},
    {"local-p",
     [](Attention* attention, const ScopeSizes& sizes) -> Made {
       return std::make_unique<LocalPredictive>(attention, sizes.query, sizes.window);
     }},
    {"hard", [](Attention*, const ScopeSizes&) -> Made { return std::make_unique<HardScope>(kExpectedShare); }},
    {"monotonic",
     [](Attention* attention, const ScopeSizes& sizes) -> Made {
       return std::make_unique<MonotonicScope>(attention, sizes.energy_noise);
     },
     true, false},
    {"mocha",
     [](Attention* attention, const ScopeSizes& sizes) -> Made {
       return std::make_unique<ChunkwiseScope>(attention, sizes.energy_noise, sizes.query, sizes.value, sizes.chunk);
     },
     true, false},
    {"wait-k", [](Attention*, const ScopeSizes& sizes) -> Made { return std::make_unique<WaitK>(sizes.wait_k); }, true},
};

}

std::span<const NamedScope> attention_scopes() { return kScopes; }

}
