#include <limits>

#include "nn/transformer.h"
#include "ops/compare.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "tests/golden/samples/module_words.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Outputs = std::vector<Tensor>;

/// PyTorch's layout of a sequence, (S, B, H), (B, S, H) or (S, H), as rows, (B · S, H).
struct Layout {
  bool batch_first;

  int batch(Tensor x) const { return x.rank() == 2 ? 1 : x.dim(batch_first ? 0 : 1); }
  int steps(Tensor x) const { return x.rank() == 2 || !batch_first ? x.dim(0) : x.dim(1); }
  SequenceRows rows(Tensor x) const { return padded_rows(std::vector<int>(batch(x), steps(x)), steps(x)); }
  Tensor to_gradus(Tensor x) const {
    return reshape(x.rank() == 2 || batch_first ? x : transpose(x, 0, 1), {-1, x.dim(-1)});
  }
  /// As `like` is laid out.
  Tensor to_torch(Tensor y, Tensor like) const {
    if (like.rank() == 2) return y;
    const Tensor by_sentence = reshape(y, {batch(like), steps(like), y.dim(-1)});
    return batch_first ? by_sentence : transpose(by_sentence, 0, 1);
  }
};

/// A mask of attention, and one of keys that are padding, of which true, or -inf, leaves a place out.
AttentionMask mask_of(Call& call, const char* attention, const char* padding, int heads) {
  AttentionMask mask;
  if (Tensor given = call.optional_tensor(-1, attention)) {  // (T, S), or (B · heads, T, S)
    if (given.rank() == 3) given = reshape(given, {-1, heads, given.dim(1), given.dim(2)});
    (call.is_mask(-1, attention) ? mask.allowed : mask.bias) = call.is_mask(-1, attention) ? eq(given, 0) : given;
  }
  if (const Tensor given = call.optional_tensor(-1, padding)) {  // (B, S), or (S)
    const Tensor is_key = eq(reshape(given, {-1, 1, 1, given.dim(-1)}), 0);
    mask.allowed = mask.allowed ? mask.allowed * is_key : is_key;
  }
  return mask;
}

/// torch.nn.MultiheadAttention returns weights, too, which are here those of a step of each query.
Outputs attend(SequenceAttention& attention, Call& call, Layout layout) {
  if (call.has(-1, "attn_mask") || call.has(-1, "key_padding_mask")) throw Unexpressed{"weights under a mask"};
  call.ignore(-1, "attn_mask");
  call.ignore(-1, "key_padding_mask");
  const Tensor query = call.tensor(0, "query"), key = call.tensor(1, "key"), value = call.tensor(2, "value");
  const SequenceRows rows = layout.rows(key);
  KeysValues memory = attention.prepare(layout.to_gradus(key), rows);
  memory.values = attention.prepare(layout.to_gradus(value), rows).values;
  const Tensor x = layout.to_gradus(query);
  Outputs weights;
  for (int t = 0; t < layout.steps(query); ++t) {
    const Tensor of_step = reshape(select(reshape(x, {layout.batch(query), -1, x.dim(1)}), 1, t), {-1, x.dim(1)});
    weights.push_back(attention.step(of_step, memory).weights);
  }
  const Tensor all = stack(weights, 1);
  return {layout.to_torch(attention(x, layout.rows(query), memory), query),
          query.rank() == 2 ? select(all, 0, 0) : all};
}

BuiltModule attention(Call& make) {
  require_default(make, "dropout", 0);
  for (const char* const name : {"add_bias_kv", "add_zero_attn"}) require_default(make, name, 0);
  require_default(make, "bias", 1);
  const Layout layout{make.flag(-1, "batch_first", false)};
  auto module =
      std::make_unique<SequenceAttention>(nullptr, "", make.integer(-1, "embed_dim"), make.integer(-1, "num_heads"));
  return built(std::move(module), [=](SequenceAttention& module, Call& call) { return attend(module, call, layout); });
}

TransformerOptions options_of(Call& make) {
  require_default(make, "layer_norm_eps", 1e-5);
  return {.size = make.integer(-1, "d_model"),
          .heads = make.integer(-1, "nhead"),
          .feed_forward = make.integer(-1, "dim_feedforward", 2048),
          .dropout = make.number(-1, "dropout", 0.1),
          .norm_first = make.flag(-1, "norm_first", false),
          .activation = make.text(-1, "activation", "relu") == "gelu" ? Activation::Gelu : Activation::Relu};
}

BuiltModule encoder_layer(Call& make) {
  const TransformerOptions options = options_of(make);
  const Layout layout{make.flag(-1, "batch_first", false)};
  return built(std::make_unique<TransformerEncoderLayer>(nullptr, "", options),
               [=](TransformerEncoderLayer& module, Call& call) -> Outputs {
                 const Tensor x = call.tensor(0, "src");
                 const AttentionMask mask = mask_of(call, "src_mask", "src_key_padding_mask", options.heads);
                 return {layout.to_torch(module(layout.to_gradus(x), layout.rows(x), mask), x)};
               });
}

/// Whether the mask adds -inf above the diagonal and nothing else.
bool is_causal(Tensor mask) {
  const int T = mask.dim(-1);
  for (int t = 0; t < T; ++t) {
    for (int s = 0; s < T; ++s) {
      if (mask.value()[t * T + s] != (s > t ? -std::numeric_limits<Real>::infinity() : 0)) return false;
    }
  }
  return true;
}

BuiltModule decoder_layer(Call& make) {
  const TransformerOptions options = options_of(make);
  const Layout layout{make.flag(-1, "batch_first", false)};
  return built(std::make_unique<TransformerDecoderLayer>(nullptr, "", options),
               [=](TransformerDecoderLayer& module, Call& call) -> Outputs {
                 const Tensor x = call.tensor(0, "tgt"), memory = call.tensor(1, "memory");
                 const Tensor causal = call.optional_tensor(-1, "tgt_mask");
                 if (!causal || call.is_mask(-1, "tgt_mask") || !is_causal(causal)) {
                   throw Unexpressed{"positions that see later ones"};
                 }
                 const AttentionMask mask = mask_of(call, "", "tgt_key_padding_mask", options.heads);
                 const AttentionMask of_memory = mask_of(call, "memory_mask", "memory_key_padding_mask", options.heads);
                 const KeysValues prepared =
                     module.multihead_attn.prepare(layout.to_gradus(memory), layout.rows(memory));
                 return {layout.to_torch(module(layout.to_gradus(x), layout.rows(x), prepared, mask, of_memory), x)};
               });
}

}

void add_attention_modules(ModuleWords& words) {
  words["MultiheadAttention"] = attention;
  words["TransformerEncoderLayer"] = encoder_layer;
  words["TransformerDecoderLayer"] = decoder_layer;
}

}
