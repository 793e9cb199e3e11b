#include "nn/sequence_attention.h"

#include <algorithm>
#include <cmath>

#include "autograd/scratch.h"
#include "ops/fused/linear.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace gradus::inline GRADUS_PRECISION {

SequenceAttention::SequenceAttention(Module* parent, std::string name, int size, int heads, Real dropout)
    : Module(parent, std::move(name)),
      heads(heads),
      dropout(detail::require_dropout(*this, dropout)),
      in_proj_weight{this, "in_proj_weight", {3 * size, size}, init::xavier_uniform()},
      in_proj_bias{this, "in_proj_bias", {3 * size}},
      out_proj{this, "out_proj", size, size} {
  detail::require_heads(size, heads, path());
  std::ranges::fill(out_proj.bias->value(), Real(0));  // as PyTorch's
}

Tensor SequenceAttention::project(Projection projection, Tensor x) {
  const int size = in_proj_weight.shape()[1], begin = projection * size, end = begin + size;
  return linear(x, slice(in_proj_weight, 0, begin, end), slice(in_proj_bias, 0, begin, end));
}

KeysValues SequenceAttention::prepare(Tensor states, const SequenceRows& rows) {
  const ModulePath here(path());
  return {project(Key, states), project(Value, states), rows, {}, 1};
}

Tensor SequenceAttention::attend(Tensor x, const SequenceRows& rows, const KeysValues& memory, bool causal,
                                 const AttentionMask& mask) {
  const ModulePath here(path());
  const ScaledDotOptions options{.heads = heads, .causal = causal, .dropout = training() ? dropout : 0, .mask = mask};
  return out_proj(scaled_dot_attention(project(Query, x), memory.keys, memory.values, rows, memory.rows, options));
}

Tensor SequenceAttention::operator()(Tensor x, const SequenceRows& rows, const KeysValues& memory,
                                     const AttentionMask& mask) {
  return attend(x, rows, memory, false, mask);
}

Tensor SequenceAttention::operator()(Tensor x, const SequenceRows& rows, bool causal, const AttentionMask& mask) {
  return attend(x, rows, prepare(x, rows), causal, mask);
}

Attended SequenceAttention::step(Tensor x, const KeysValues& memory) {
  const ModulePath here(path());
  const int size = x.dim(1) / heads, N = x.dim(0);
  const auto [keys, values, rows, mask, count] = memory.split(heads);
  const Tensor query = reshape(project(Query, x), {-1, size});
  const Tensor scores = dot_scores(query, keys, rows, 1 / std::sqrt(static_cast<Real>(size)));
  const Tensor weights = softmax(scores, rows.length);
  const Tensor context = reshape(weighted_sum(weights, values, rows), {N, -1});
  return {out_proj(context), mean(reshape(weights, {N, heads, -1}), 1), {}, {}};
}

Tensor SequenceAttention::step(Tensor x, KeyValueCache& cache) {
  const auto append = [](Tensor so_far, Tensor next) { return so_far ? concat({so_far, next}, 1) : next; };
  const KeysValues next = prepare(x, {});
  cache = {append(cache.keys, next.keys), append(cache.values, next.values)};
  const int N = x.dim(0), size = x.dim(1), positions = cache.keys.dim(1) / size;
  Scratch scratch;
  const std::span lengths = scratch.make_array(N, [&](std::size_t) { return positions; });
  const KeysValues so_far{
      reshape(cache.keys, {-1, size}), reshape(cache.values, {-1, size}), padded_rows(lengths, positions), {}, 1};
  return step(x, so_far).context;
}

}
