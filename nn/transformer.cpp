#include "nn/transformer.h"

#include <cmath>

#include "ops/elementwise.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::string numbered(const char* name, std::size_t number) { return fmt::format("{}.{}", name, number); }

}

Tensor sinusoidal_positions(int first, int count, int size) {
  Tensor positions = full({count, size}, 0);
  for (int i = 0; i < size; ++i) {
    const double frequency = std::pow(10000.0, -static_cast<double>(i - i % 2) / size);
    for (int t = 0; t < count; ++t) {
      const double angle = frequency * (first + t);
      positions.value().row(t)[i] = static_cast<Real>(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return positions;
}

Residual::Residual(Module* owner, const char* number, const TransformerOptions& options)
    : norm_first(options.norm_first),
      norm(owner, fmt::format("norm{}", number), options.size),
      dropout(owner, fmt::format("dropout{}", number), options.dropout) {}

FeedForward::FeedForward(Module* owner, const TransformerOptions& options)
    : activation(options.activation),
      linear1(owner, "linear1", options.size, options.feed_forward),
      linear2(owner, "linear2", options.feed_forward, options.size),
      dropout(owner, "dropout", options.dropout) {}

Tensor FeedForward::operator()(Tensor x) {
  const Tensor inner = linear1(x);
  return linear2(dropout(activation == Activation::Relu ? relu(inner) : gelu(inner)));
}

TransformerEncoderLayer::TransformerEncoderLayer(Module* parent, std::string name, const TransformerOptions& options)
    : Module(parent, std::move(name)),
      self_attn(this, "self_attn", options.size, options.heads, options.dropout),
      feed_forward(this, options),
      residual1(this, "1", options),
      residual2(this, "2", options) {}

Tensor TransformerEncoderLayer::operator()(Tensor x, const SequenceRows& rows, const AttentionMask& mask) {
  const ModulePath here(path());
  x = residual1(x, [&](Tensor x) { return self_attn(x, rows, false, mask); });
  return residual2(x, feed_forward);
}

TransformerDecoderLayer::TransformerDecoderLayer(Module* parent, std::string name, const TransformerOptions& options)
    : Module(parent, std::move(name)),
      self_attn(this, "self_attn", options.size, options.heads, options.dropout),
      multihead_attn(this, "multihead_attn", options.size, options.heads, options.dropout),
      feed_forward(this, options),
      residual1(this, "1", options),
      residual2(this, "2", options),
      residual3(this, "3", options) {}

Tensor TransformerDecoderLayer::operator()(Tensor x, const SequenceRows& rows, const KeysValues& memory,
                                           const AttentionMask& mask, const AttentionMask& memory_mask) {
  const ModulePath here(path());
  x = residual1(x, [&](Tensor x) { return self_attn(x, rows, true, mask); });
  x = residual2(x, [&](Tensor x) { return multihead_attn(x, rows, memory, memory_mask); });
  return residual3(x, feed_forward);
}

Attended TransformerDecoderLayer::step(Tensor x, KeyValueCache& cache, const KeysValues& memory) {
  const ModulePath here(path());
  Tensor weights;
  x = residual1(x, [&](Tensor x) { return self_attn.step(x, cache); });
  x = residual2(x, [&](Tensor x) {
    const Attended attended = multihead_attn.step(x, memory);
    weights = attended.weights;
    return attended.context;
  });
  return {residual3(x, feed_forward), weights, {}, {}};
}

TransformerEncoderStack::TransformerEncoderStack(Module* parent, std::string name, int layer_count,
                                                 const TransformerOptions& options)
    : Module(parent, std::move(name)) {
  for (int l = 0; l < layer_count; ++l) layers.emplace_back(this, numbered("layers", l), options);
  if (options.norm_first) norm.emplace(this, "norm", options.size);
}

Tensor TransformerEncoderStack::operator()(Tensor x, const SequenceRows& rows, const AttentionMask& mask) {
  for (TransformerEncoderLayer& layer : layers) x = layer(x, rows, mask);
  return norm ? (*norm)(x) : x;
}

TransformerDecoderStack::TransformerDecoderStack(Module* parent, std::string name, int layer_count,
                                                 const TransformerOptions& options)
    : Module(parent, std::move(name)) {
  for (int l = 0; l < layer_count; ++l) layers.emplace_back(this, numbered("layers", l), options);
  if (options.norm_first) norm.emplace(this, "norm", options.size);
}

std::span<const KeysValues> TransformerDecoderStack::prepare(Tensor states, const SequenceRows& rows) {
  return Tape::active().arena().make_array(
      layers.size(), [&](std::size_t l) { return layers[l].multihead_attn.prepare(states, rows); });
}

Tensor TransformerDecoderStack::operator()(Tensor x, const SequenceRows& rows, std::span<const KeysValues> memories,
                                           const AttentionMask& mask, const AttentionMask& memory_mask) {
  for (std::size_t l = 0; l < layers.size(); ++l) x = layers[l](x, rows, memories[l], mask, memory_mask);
  return norm ? (*norm)(x) : x;
}

Attended TransformerDecoderStack::step(Tensor x, std::span<KeyValueCache> caches,
                                       std::span<const KeysValues> memories) {
  Attended attended{x, {}, {}, {}};
  for (std::size_t l = 0; l < layers.size(); ++l) attended = layers[l].step(attended.context, caches[l], memories[l]);
  if (norm) attended.context = (*norm)(attended.context);
  return attended;
}

}
