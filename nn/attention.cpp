#include "nn/attention.h"

#include <cmath>

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
  if (!mask) return mask;
  const Tensor result = constant(mask.shape(), std::span<const Real>(mask.value().data, mask.size()));
  const int steps = mask.dim(1);
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    std::fill(&result.value()[b * steps] + lengths[b], &result.value()[b * steps] + steps, Real{0});
  }
  return result;
}

Real factor(Attention::Scale scale, int query_size) {
  return scale == Attention::Plain ? Real{1} : 1 / std::sqrt(static_cast<Real>(query_size));
}

}

Memory Memory::select(std::span<const int> chosen) const {
  return {keys, values, sentences.select(chosen), mask ? gather_rows(mask, chosen) : mask};
}

Memory Attention::prepare(Tensor values, std::span<const int> lengths, Tensor mask) {
  const Scope scope(path());
  require_batch(values, lengths, mask);
  return {keys(values), values, padded_sentences(lengths, values.dim(1)), mask_padding(mask, lengths)};
}

Memory Attention::prepare(Tensor packed, const Packing& packing, std::span<const int> order, Tensor mask) {
  const Scope scope(path());
  const Sentences sentences = packed_sentences(packing, order);
  if (packed.rank() != 2 || packed.dim(0) != packing.rows()) {
    fail("attention: the states are {}, the packing has {} rows; need ({}, H)", packed.shape(), packing.rows(),
         packing.rows());
  }
  if (mask && mask.shape() != Shape{packing.batch(), packing.steps()}) {
    fail("attention: the mask is {}; need ({}, {}), as the packing", mask.shape(), packing.batch(), packing.steps());
  }
  return {keys(packed), packed, sentences, mask_padding(mask, sentences.length)};
}

Attended Attention::operator()(Tensor query, const Memory& memory) {
  const Scope scope(path());
  const Tensor e = scores(query, memory);
  const int count = e.dim(0);
  Tensor weights;
  if (!memory.mask) {
    weights = softmax(e, memory.sentences.length);
  } else {
    weights = softmax(e, count == memory.mask.dim(0) ? memory.mask : slice(memory.mask, 0, 0, count));
  }
  return {weighted_sum(weights, memory.values, memory.sentences), weights};
}

AdditiveAttention::AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size)
    : Attention(parent, std::move(name)),
      query{this, "query", query_size, size},
      key{this, "key", key_size, size, false},
      score{this, "score", size, 1, false} {}

Tensor AdditiveAttention::scores(Tensor query, const Memory& memory) {
  return additive_scores(this->query(query), memory.keys, reshape(score.weight, {-1}), memory.sentences);
}

Tensor AdditiveAttention::keys(Tensor values) { return key(values); }

DotAttention::DotAttention(Module* parent, std::string name, Scale scale)
    : Attention(parent, std::move(name)), scale_(scale) {}

Tensor DotAttention::scores(Tensor query, const Memory& memory) {
  return dot_scores(query, memory.keys, memory.sentences, factor(scale_, query.dim(1)));
}

GeneralAttention::GeneralAttention(Module* parent, std::string name, int query_size, int key_size, Scale scale)
    : Attention(parent, std::move(name)), key{this, "key", key_size, query_size, false}, scale_(scale) {}

Tensor GeneralAttention::scores(Tensor query, const Memory& memory) {
  return dot_scores(query, memory.keys, memory.sentences, factor(scale_, query.dim(1)));
}

Tensor GeneralAttention::keys(Tensor values) { return key(values); }

}
