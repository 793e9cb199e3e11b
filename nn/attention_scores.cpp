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

Tensor AdditiveAttention::scores(Tensor query, const KeysValues& source) {
  return additive_scores(this->query(query), source.keys, reshape(score.weight, {-1}), source.rows);
}

Tensor AdditiveAttention::keys(Tensor states) { return key(states); }

ConcatAttention::ConcatAttention(Module* parent, std::string name, int query_size, int key_size, int size)
    : AdditiveAttention(parent, std::move(name), query_size, key_size, size, false) {}

DotAttention::DotAttention(Module* parent, std::string name, Scale scale)
    : Attention(parent, std::move(name)), scale_(scale) {}

Tensor DotAttention::scores(Tensor query, const KeysValues& source) {
  return dot_scores(query, source.keys, source.rows, factor(scale_, query.dim(1)));
}

GeneralAttention::GeneralAttention(Module* parent, std::string name, int query_size, int key_size, Scale scale)
    : Attention(parent, std::move(name)), key{this, "key", key_size, query_size, false}, scale_(scale) {}

Tensor GeneralAttention::scores(Tensor query, const KeysValues& source) {
  return dot_scores(query, source.keys, source.rows, factor(scale_, query.dim(1)));
}

Tensor GeneralAttention::keys(Tensor states) { return key(states); }

LocationAttention::LocationAttention(Module* parent, std::string name, int query_size, int positions)
    : Attention(parent, std::move(name)), position{this, "position", query_size, positions, false} {}

Tensor LocationAttention::scores(Tensor query, const KeysValues& source) {
  const Tensor e = position(query);
  const int S = static_cast<int>(source.rows.offset.size()), L = e.dim(1);
  if (S <= L) return slice(e, 1, 0, S);
  return concat({e, full({e.dim(0), S - L}, -std::numeric_limits<Real>::infinity())}, 1);
}

CosineAttention::CosineAttention(Module* parent, std::string name, int query_size, int key_size)
    : Attention(parent, std::move(name)),
      query{this, "query", query_size, key_size, false},
      strength{this, "strength", query_size, 1} {}

Tensor CosineAttention::scores(Tensor query, const KeysValues& source) {
  const Tensor cosine = dot_scores(normalized(this->query(query)), source.keys, source.rows);
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

Tensor MultiHeadAttention::scores(Tensor query, const KeysValues& source) {
  const int size = source.keys.dim(-1);
  return dot_scores(reshape(this->query(query), {-1, size}), source.keys, source.rows, factor(InverseSqrt, size));
}

Tensor MultiHeadAttention::keys(Tensor states) { return key(states); }

Tensor MultiHeadAttention::values(Tensor states) { return value(states); }

Tensor MultiHeadAttention::output(Tensor context) { return out(context); }

namespace {

int argument_of(const ScoreSizes& sizes, int ScoreSizes::*size) { return sizes.*size; }
Attention::Scale argument_of(const ScoreSizes&, Attention::Scale scale) { return scale; }

/// Makes a score of the class: its constructor takes those of the sizes, and the scale.
template <class Score, auto... arguments>
std::unique_ptr<Attention> make(Module* parent, std::string name, [[maybe_unused]] const ScoreSizes& sizes) {
  return std::make_unique<Score>(parent, std::move(name), argument_of(sizes, arguments)...);
}

constexpr auto kQuery = &ScoreSizes::query, kKey = &ScoreSizes::key, kInner = &ScoreSizes::inner,
               kPositions = &ScoreSizes::positions, kHeads = &ScoreSizes::heads;

constexpr NamedScore kScores[] = {
    {"additive", make<AdditiveAttention, kQuery, kKey, kInner>},
    {"concat", make<ConcatAttention, kQuery, kKey, kInner>},
    {"dot", make<DotAttention>},
    {"general", make<GeneralAttention, kQuery, kKey>},
    {"scaled-dot", make<DotAttention, Attention::InverseSqrt>},
    {"scaled-general", make<GeneralAttention, kQuery, kKey, Attention::InverseSqrt>},
    {"location", make<LocationAttention, kQuery, kPositions>},
    {"cosine", make<CosineAttention, kQuery, kKey>},
    {"multi-head", make<MultiHeadAttention, kQuery, kKey, kHeads>},
};

}

std::span<const NamedScore> attention_scores() { return kScores; }

}
