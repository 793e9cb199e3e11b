#include "nn/attention.h"

#include <algorithm>

#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "ops/sparsemax.h"

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

/// The mask with zeros beyond each length.   mask: (N, S), lengths: (N or more) -> (N, S)
Tensor mask_padding(Tensor mask, std::span<const int> lengths) {
  Tensor result = constant(mask.shape(), {mask.value().data, mask.size()});
  const int steps = mask.dim(1);
  for (int b = 0; b < mask.dim(0); ++b) {
    std::fill(&result.value()[b * steps] + lengths[b], &result.value()[b * steps] + steps, Real{0});
  }
  return result;
}

/// The rows of the heads of the given sentences, b · heads + k, as long as the tape lives.
std::span<const int> rows_of_heads(std::span<const int> sentences, int heads) {
  if (heads == 1) return sentences;
  return Tape::active().arena().make_array(sentences.size() * heads,
                                           [&](int i) { return sentences[i / heads] * heads + i % heads; });
}

/// Every row `heads` times.   x: (N, …) -> (N · heads, …)
Tensor repeat_rows(Tensor x, int heads) {
  if (heads == 1) return x;
  const std::size_t count = static_cast<std::size_t>(x.dim(0)) * heads;
  return gather_rows(x, Tape::active().arena().make_array(count, [&](int i) { return i / heads; }));
}

/// The sum, the mean or the largest over the heads of each query.   x: (N · heads, …) -> (N, …)
Tensor over_heads(Tensor x, int heads, Tensor (*reduce)(Tensor, List<int>, bool)) {
  if (heads == 1 || !x) return x;
  const int columns = x.rank() == 1 ? 1 : x.dim(1);
  const Tensor reduced = reduce(reshape(x, {-1, heads, columns}), 1, false);
  return x.rank() == 1 ? reshape(reduced, {-1}) : reduced;
}

}

void detail::require_heads(int size, int heads, const char* path) {
  if (heads >= 1 && size % heads == 0) return;
  fail("attention: {} heads for states of size {}; need a size that is a multiple of the heads [in {}]", heads, size,
       path);
}

KeysValues KeysValues::select(std::span<const int> chosen) const {
  const std::span chosen_rows = rows_of_heads(chosen, heads);
  return {keys, values, rows.select(chosen_rows), mask ? gather_rows(mask, chosen_rows) : mask, heads};
}

KeysValues KeysValues::first(std::span<const int> lengths) const {
  KeysValues result = *this;
  result.rows.length = lengths;
  if (mask) result.mask = mask_padding(first_rows(mask, static_cast<int>(lengths.size())), lengths);
  return result;
}

KeysValues KeysValues::split(int count) const {
  const int keys_size = keys.dim(-1), values_size = values.dim(-1);
  return {reshape(keys, {-1, keys_size / count}), reshape(values, {-1, values_size / count}), rows.split(count),
          mask ? repeat_rows(mask, count) : mask, count};
}

Tensor AttentionScope::normalize(Tensor scores, const KeysValues& source, Tensor window) const {
  const std::span lengths = source.rows.length;
  Tensor mask = first_rows(source.mask, scores.dim(0));
  if (window) mask = mask ? mask * window : mask_padding(window, lengths);
  if (normalizer == Normalizer::Softmax) return mask ? softmax(scores, mask) : softmax(scores, lengths);
  return sparsemax(scores, mask ? mask : mask_padding(full(scores.shape(), 1), lengths));
}

AttentionScope::Weights GlobalScope::operator()(Tensor scores, Tensor, const KeysValues& source, const AttentionStep&,
                                                bool) {
  return {normalize(scores, source), {}, {}};
}

Attention::Attention(Module* parent, std::string name, int heads)
    : Module(parent, std::move(name)), scope(std::make_unique<GlobalScope>()), heads_(heads) {}

KeysValues Attention::prepare(Tensor values, std::span<const int> lengths, Tensor mask) {
  const ModulePath here(path());
  require_batch(values, lengths, mask);
  return remember(values, padded_rows(lengths, values.dim(1)), mask);
}

KeysValues Attention::prepare(Tensor packed, const Packing& packing, std::span<const int> order, Tensor mask) {
  const ModulePath here(path());
  const SequenceRows rows = packed_rows(packing, order);
  if (packed.rank() != 2 || packed.dim(0) != packing.rows()) {
    fail("attention: the states are {}, the packing has {} rows; need ({}, H)", packed.shape(), packing.rows(),
         packing.rows());
  }
  if (mask && mask.shape() != Shape{packing.batch(), packing.steps()}) {
    fail("attention: the mask is {}; need ({}, {}), as the packing", mask.shape(), packing.batch(), packing.steps());
  }
  return remember(packed, rows, mask);
}

KeysValues Attention::remember(Tensor states, const SequenceRows& rows, Tensor mask) {
  const KeysValues source{keys(states), values(states), rows, mask ? mask_padding(mask, rows.length) : mask};
  return heads_ == 1 ? source : source.split(heads_);
}

Attended Attention::operator()(Tensor query, const KeysValues& source, const AttentionStep& step) {
  const ModulePath here(path());
  Tensor e = scores(query, source);
  if (coverage && step.coverage) e = e + repeat_rows((*coverage)(query)*step.coverage, heads_);
  const AttentionScope::Weights made = (*scope)(e, query, source, step, training());
  const Tensor context = weighted_sum(made.weights, source.values, source.rows);
  const int N = query.dim(0);
  return {.context = output(heads_ == 1 ? context : reshape(context, {N, -1})),
          .weights = over_heads(made.weights, heads_, mean),
          .log_probability = over_heads(made.log_probability, heads_, sum),
          .entropy = over_heads(made.entropy, heads_, sum),
          .scores = e,
          .delay = over_heads(made.delay, heads_, amax),
          .alignment = heads_ == 1 || !made.alignment ? made.alignment : reshape(made.alignment, {N, -1})};
}

}
