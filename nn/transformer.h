#pragma once

#include <deque>
#include <optional>

#include "nn/sequence_attention.h"

/// The Transformer (Vaswani et al. 2017): encoders and decoders of attention alone. Parameters have the names and
/// layouts of torch.nn.TransformerEncoder and torch.nn.TransformerDecoder. Rows are the positions of sentences, packed
/// or padded, as the `SequenceRows` say.

namespace gradus::inline GRADUS_PRECISION {

/// What stands between the two layers of a feed-forward net.
enum class Activation { Relu, Gelu };

/// What all layers of a Transformer have in common.
struct TransformerOptions {
  int size = 512;            ///< H, of all states
  int heads = 8;             ///< of each attention
  int feed_forward = 2048;   ///< F, of the layer inside the feed-forward net
  Real dropout = Real(0.1);  ///< of what each sub-layer adds, and, as in PyTorch, of weights and inside the net
  /// Where a sub-layer f normalises: norm(x + f(x)), the paper's post-norm, or x + f(norm(x)), pre-norm (Xiong et al.
  /// 2020), with which a training needs less care; a stack then ends with a norm of its own.
  bool norm_first = false;
  Activation activation = Activation::Relu;  ///< the paper's
};

/// Rows `first` to `first + count` of the positional encodings (Vaswani et al. 2017, section 3.5), a constant:
///     p[t, 2i] = sin(t / 10000^(2i/H))     p[t, 2i + 1] = cos(t / 10000^(2i/H))     -> (count, H)
Tensor sinusoidal_positions(int first, int count, int size);

/// A sub-layer's frame: the sum with its input, dropout, and where it normalises.
struct Residual {
  Residual(Module* owner, const char* number, const TransformerOptions& options);

  template <class F>
  Tensor operator()(Tensor x, F&& f) {
    return norm_first ? x + dropout(f(norm(x))) : norm(x + dropout(f(x)));
  }

  bool norm_first;  ///< as in the options
  LayerNorm norm;   ///< (H)
  Dropout dropout;  ///< of f(x)
};

/// y = W_2 activation(W_1 x + b_1) + b_2, position by position (Vaswani et al. 2017, eq. 2).
struct FeedForward {
  FeedForward(Module* owner, const TransformerOptions& options);
  Tensor operator()(Tensor x);

  Activation activation;  ///< as in the options
  Linear linear1;         ///< (F, H), (F)
  Linear linear2;         ///< (H, F), (H)
  Dropout dropout;        ///< of what is activated
};

/// Self-attention and a feed-forward net, each in its frame (Vaswani et al. 2017, section 3.1).
struct TransformerEncoderLayer : Module {
  TransformerEncoderLayer(Module* parent, std::string name, const TransformerOptions& options);
  /// x: (rows, H) -> (rows, H)
  Tensor operator()(Tensor x, const SequenceRows& rows, const AttentionMask& mask = {});

  SequenceAttention self_attn;    ///< PyTorch's name
  FeedForward feed_forward;       ///< `linear1`, `linear2`
  Residual residual1, residual2;  ///< `norm1`, `norm2`
};

/// Causal self-attention, attention to a memory, and a feed-forward net, each in its frame (Vaswani et al. 2017,
/// section 3.1).
struct TransformerDecoderLayer : Module {
  TransformerDecoderLayer(Module* parent, std::string name, const TransformerOptions& options);
  /// All positions of each sentence, which see none after themselves, and what the masks of the two attentions let them
  /// see.   x: (rows, H) -> (rows, H)
  Tensor operator()(Tensor x, const SequenceRows& rows, const KeysValues& memory, const AttentionMask& mask = {},
                    const AttentionMask& memory_mask = {});
  /// The next position of each sentence, without dropout.   x: (N, H) -> (N, H), and the weights on the memory, (N, S)
  Attended step(Tensor x, KeyValueCache& cache, const KeysValues& memory);

  SequenceAttention self_attn;               ///< PyTorch's name
  SequenceAttention multihead_attn;          ///< to the memory
  FeedForward feed_forward;                  ///< `linear1`, `linear2`
  Residual residual1, residual2, residual3;  ///< `norm1` to `norm3`
};

/// Encoder layers on top of each other, and with pre-norm a norm at the end.   x: (rows, H) -> (rows, H)
struct TransformerEncoderStack : Module {
  TransformerEncoderStack(Module* parent, std::string name, int layers, const TransformerOptions& options);
  Tensor operator()(Tensor x, const SequenceRows& rows, const AttentionMask& mask = {});

  std::deque<TransformerEncoderLayer> layers;  ///< "0", "1", …
  std::optional<LayerNorm> norm;               ///< with `norm_first`
};

/// Decoder layers on top of each other, each with its memory, and with pre-norm a norm at the end.   x: (rows, H) ->
/// (rows, H)
struct TransformerDecoderStack : Module {
  TransformerDecoderStack(Module* parent, std::string name, int layers, const TransformerOptions& options);
  /// What each layer reads of the encoder's states; it lives as long as the tape.   states: (rows, H)
  std::span<const KeysValues> prepare(Tensor states, const SequenceRows& rows);
  Tensor operator()(Tensor x, const SequenceRows& rows, std::span<const KeysValues> memories,
                    const AttentionMask& mask = {}, const AttentionMask& memory_mask = {});
  /// The next position of each sentence; the weights are those of the last layer. `caches`: of each layer
  Attended step(Tensor x, std::span<KeyValueCache> caches, std::span<const KeysValues> memories);

  std::deque<TransformerDecoderLayer> layers;  ///< "0", "1", …
  std::optional<LayerNorm> norm;               ///< with `norm_first`
};

}
