#include "nn/attention_scores.h"

#include <cmath>
#include <limits>

#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

Real factor(Attention::Scale scale, int query_size) {
  return scale == Attention::Plain ? Real{1} : 1 / std::sqrt(static_cast<Real>(query_size));
}

/// Every row at length 1; rows of zeros stay.   (…, H) -> (…, H)
Tensor normalized(Tensor x) { return x / sqrt(sum(square(x), -1, true) + Real(1e-12)); }

}

AdditiveAttention::AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size)
    : AdditiveAttention(parent, std::move(name), query_size, key_size, size, true) {}

AdditiveAttention::AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size,
                                     bool with_bias)
    : Attention(parent, std::move(name)),
      query{this, "query", query_size, size, with_bias},
      key{this, "key", key_size, size, false},
      score{this, "score", size, 1, false} {}

Tensor AdditiveAttention::scores(Tensor query, const Memory& memory) {
  return additive_scores(this->query(query), memory.keys, reshape(score.weight, {-1}), memory.sentences);
}

Tensor AdditiveAttention::keys(Tensor states) { return key(states); }

ConcatAttention::ConcatAttention(Module* parent, std::string name, int query_size, int key_size, int size)
    : AdditiveAttention(parent, std::move(name), query_size, key_size, size, false) {}

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

Tensor GeneralAttention::keys(Tensor states) { return key(states); }

LocationAttention::LocationAttention(Module* parent, std::string name, int query_size, int positions)
    : Attention(parent, std::move(name)), position{this, "position", query_size, positions, false} {}

Tensor LocationAttention::scores(Tensor query, const Memory& memory) {
  const Tensor e = position(query);
  const int S = static_cast<int>(memory.sentences.offset.size()), L = e.dim(1);
  if (S <= L) return slice(e, 1, 0, S);
  return concat({e, full({e.dim(0), S - L}, -std::numeric_limits<Real>::infinity())}, 1);
}

CosineAttention::CosineAttention(Module* parent, std::string name, int query_size, int key_size)
    : Attention(parent, std::move(name)),
      query{this, "query", query_size, key_size, false},
      strength{this, "strength", query_size, 1} {}

Tensor CosineAttention::scores(Tensor query, const Memory& memory) {
  const Tensor cosine = dot_scores(normalized(this->query(query)), memory.keys, memory.sentences);
  return exp(strength(query)) * cosine;
}

Tensor CosineAttention::keys(Tensor states) { return normalized(states); }

MultiHeadAttention::MultiHeadAttention(Module* parent, std::string name, int query_size, int key_size, int heads)
    : Attention(parent, std::move(name), heads),
      query{this, "query", query_size, key_size},
      key{this, "key", key_size, key_size},
      value{this, "value", key_size, key_size},
      out{this, "out", key_size, key_size} {
  detail::require_heads(key_size, heads, path());
}

Tensor MultiHeadAttention::scores(Tensor query, const Memory& memory) {
  const int size = memory.keys.dim(-1);
  return dot_scores(reshape(this->query(query), {-1, size}), memory.keys, memory.sentences, factor(InverseSqrt, size));
}

Tensor MultiHeadAttention::keys(Tensor states) { return key(states); }

Tensor MultiHeadAttention::values(Tensor states) { return value(states); }

Tensor MultiHeadAttention::output(Tensor context) { return out(context); }

}
