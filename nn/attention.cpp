#include "nn/attention.h"

#include <cmath>

#include "ops/attention.h"
#include "ops/layout.h"
#include "ops/softmax.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

void require_batch(Tensor values, std::span<const int> lengths, Tensor mask) {
  if (values.rank() != 3 || static_cast<std::size_t>(values.dim(0)) != lengths.size()) {
    fail("attention: values are {} with {} lengths; need (B, S, H) and B lengths", values.shape(), lengths.size());
  }
  if (mask && mask.shape() != values.shape().without(2)) {
    fail("attention: the mask is {}, values are {}; need (B, S) and (B, S, H)", mask.shape(), values.shape());
  }
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    if (lengths[b] < 1 || lengths[b] > values.dim(1)) {
      fail("attention: length {} of sentence {} is outside of 1 to {}", lengths[b], b, values.dim(1));
    }
  }
}

/// The mask with zeros beyond each length.   mask: (B, S) -> (B, S)
Tensor mask_padding(Tensor mask, std::span<const int> lengths) {
  const Tensor result = constant(mask.shape(), std::span<const Real>(mask.value().data, mask.size()));
  const int steps = mask.dim(1);
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    std::fill(&result.value()[b * steps] + lengths[b], &result.value()[b * steps] + steps, Real{0});
  }
  return result;
}

Memory make_memory(Tensor keys, Tensor values, std::span<const int> lengths, Tensor mask) {
  require_batch(values, lengths, mask);
  const auto kept = Tape::active().copy(lengths);
  return {keys, values, kept, mask ? mask_padding(mask, kept) : Tensor()};
}

Real factor(Attention::Scale scale, int query_size) {
  return scale == Attention::Plain ? Real{1} : 1 / std::sqrt(static_cast<Real>(query_size));
}

}

Memory Attention::prepare(Tensor values, std::span<const int> lengths, Tensor mask) {
  const Scope scope(path());
  return make_memory(keys(values), values, lengths, mask);
}

Memory Attention::prepare(Tensor packed, const Packing& packing, std::span<const int> order, Tensor mask) {
  const Scope scope(path());
  const std::span lengths(Tape::active().allocate<int>(packing.batch()), packing.batch());
  const Tensor values = unpack(packed, packing, order);
  for (int i = 0; i < packing.batch(); ++i) lengths[i] = packing.length(order.empty() ? i : order[i]);
  const Tensor projected = keys(packed);
  const bool same = &projected.node() == &packed.node();
  return make_memory(same ? values : unpack(projected, packing, order), values, lengths, mask);
}

Attended Attention::operator()(Tensor query, const Memory& memory) {
  const Scope scope(path());
  const Tensor e = scores(query, memory);
  const int count = e.dim(0);
  Tensor weights;
  if (!memory.mask) {
    weights = softmax(e, memory.lengths);
  } else {
    weights = softmax(e, count == memory.mask.dim(0) ? memory.mask : slice(memory.mask, 0, 0, count));
  }
  return {weighted_sum(weights, memory.values, memory.lengths), weights};
}

AdditiveAttention::AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size)
    : Attention(parent, std::move(name)),
      query{this, "query", query_size, size},
      key{this, "key", key_size, size, false},
      score{this, "score", size, 1, false} {}

Tensor AdditiveAttention::scores(Tensor query, const Memory& memory) {
  return additive_scores(this->query(query), memory.keys, reshape(score.weight, {-1}), memory.lengths);
}

Tensor AdditiveAttention::keys(Tensor values) { return key(values); }

DotAttention::DotAttention(Module* parent, std::string name, Scale scale)
    : Attention(parent, std::move(name)), scale_(scale) {}

Tensor DotAttention::scores(Tensor query, const Memory& memory) {
  return dot_scores(query, memory.keys, memory.lengths, factor(scale_, query.dim(1)));
}

GeneralAttention::GeneralAttention(Module* parent, std::string name, int query_size, int key_size, Scale scale)
    : Attention(parent, std::move(name)), key{this, "key", key_size, query_size, false}, scale_(scale) {}

Tensor GeneralAttention::scores(Tensor query, const Memory& memory) {
  return dot_scores(query, memory.keys, memory.lengths, factor(scale_, query.dim(1)));
}

Tensor GeneralAttention::keys(Tensor values) { return key(values); }

}
