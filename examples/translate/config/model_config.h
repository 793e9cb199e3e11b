#pragma once

#include "autograd/real.h"
#include "examples/translate/base/choices.h"
#include "nn/attention_scopes.h"
#include "nn/attention_scores.h"

namespace gradus::translate {

/// What encoder and decoder are made of.
enum class Architecture { Recurrent, Transformer };
template <>
inline constexpr std::array kChoices<Architecture>{"recurrent", "transformer"};

/// The papers' combinations of a score and where it stands (`attention_named`).
enum class AttentionKind { None, Bahdanau, Luong };
template <>
inline constexpr std::array kChoices<AttentionKind>{"none", "bahdanau", "luong"};

/// A score of nn/attention_scores.h, by its name.
using ScoreKind = RowOf<attention_scores>;
/// A scope of nn/attention_scopes.h, by its name.
using ScopeKind = RowOf<attention_scopes>;

template <>
inline constexpr std::array kChoices<Normalizer>{"softmax", "sparsemax"};

/// Where a decoder's step attends.
enum class AttendWhen {
  Before,  ///< the recurrence, from the previous state: the context is an input of the recurrence (Bahdanau)
  After,   ///< the recurrence, from the current state: the context goes to the output (Luong)
};
template <>
inline constexpr std::array kChoices<AttendWhen>{"before", "after"};

/// How a decoder attends. Every value goes with every other.
struct AttentionConfig {
  bool present = true;  ///< without attention the rest means nothing
  ScoreKind score = "additive";
  ScopeKind scope = "global";
  Normalizer normalizer = Normalizer::Softmax;
  AttendWhen attend = AttendWhen::Before;
  bool input_feeding = false;  ///< a step also reads the vector that the step before predicted its word from
  bool coverage = false;       ///< scores know how much each position has been attended to already
  bool context_gate = false;   ///< a gate on the context (Tu et al. 2017)
  int size = 512;              ///< A, of additive and concat scores
  int heads = 8;               ///< of multi-head scores, and of each attention of a Transformer
  int window = 10;             ///< D, of local scopes: positions on each side
  int positions = 50;          ///< L, of location scores

  static std::span<const char* const> names() { return kChoices<AttentionKind>; }
  /// The paper that it is nearest to.
  AttentionKind kind() const {
    if (!present) return AttentionKind::None;
    return attend == AttendWhen::Before ? AttentionKind::Bahdanau : AttentionKind::Luong;
  }
};

/// `config` with the combination of a paper: additive scores, before the recurrence (Bahdanau), or scaled general ones,
/// after it and with input feeding (Luong).
inline AttentionConfig attention_named(AttentionKind kind, AttentionConfig config = {}) {
  const bool luong = kind == AttentionKind::Luong;
  config.present = kind != AttentionKind::None;
  config.score = luong ? "scaled-general" : "additive";
  config.attend = luong ? AttendWhen::After : AttendWhen::Before;
  config.input_feeding = luong;
  return config;
}

// The configuration as a whole goes by the names of AttentionKind.
inline const char* name_of(const AttentionConfig& config) { return name_of(config.kind()); }
inline bool parse_choice(std::string_view name, AttentionConfig& config) {
  AttentionKind kind{};
  if (!parse_choice(name, kind)) return false;
  config = attention_named(kind, config);
  return true;
}

enum class CellKind {
  Lstm,
  Gru,             ///< as PyTorch has it, with the reset gate after the product
  GruResetBefore,  ///< as Bahdanau et al. 2014 have it
};
template <>
inline constexpr std::array kChoices<CellKind>{"lstm", "gru", "gru-reset-before"};

/// What the decoder's first state is made from.
enum class Bridge {
  Last,      ///< s₀ = tanh(W h + b) of the encoder's last states, of both directions side by side
  Mean,      ///< s₀ = tanh(W h + b) of the mean of the encoder's states (Xu et al. 2015, section 3.1.2)
  Zero,      ///< s₀ = 0
  Learned,   ///< s₀ is a parameter, the same for all sentences
  Backward,  ///< s₀ = tanh(W ←h₁ + b), of the backward direction alone (Bahdanau et al. 2014, section A.2.2)
  Copy,      ///< s₀ of each layer is the last state of the encoder's layer (Luong et al. 2015)
};
template <>
inline constexpr std::array kChoices<Bridge>{"last", "mean", "zero", "learned", "backward", "copy"};

/// What the output layer reads.
enum class Readout {
  Tanh,    ///< one tanh layer
  Maxout,  ///< t_j = max(t̃_2j, t̃_2j+1) of one linear layer t̃ (Bahdanau et al. 2014, section A.2.2)
  Direct,  ///< nothing in between (Luong et al. 2015, eq. 6)
};
template <>
inline constexpr std::array kChoices<Readout>{"tanh", "maxout", "direct"};

/// The first values of the parameters. Those of norms are 1 and 0 in any case.
enum class InitialValues {
  Xavier,    ///< Xavier-uniform matrices, word vectors from N(0, embedding_deviation²), biases 0
  Bahdanau,  ///< Bahdanau et al. 2014, section B.1
  Luong,     ///< all from U[-0.1, 0.1] (Luong et al. 2015, section 4.1)
};
template <>
inline constexpr std::array kChoices<InitialValues>{"xavier", "bahdanau", "luong"};

/// Which tables of word vectors are one (Press, Wolf 2017).
enum class TiedEmbeddings {
  None,
  Target,  ///< the decoder's words and the weight of the output layer
  All,     ///< these and the encoder's words, which must be of the same vocabulary
};
template <>
inline constexpr std::array kChoices<TiedEmbeddings>{"none", "target", "all"};

struct ModelConfig {
  Architecture architecture = Architecture::Recurrent;
  AttentionConfig attention;
  CellKind cell = CellKind::Lstm;
  int source_words = 0, target_words = 0;  ///< Vs, Vt
  int embedding = 256;                     ///< E
  int hidden = 512;  ///< H, of the decoder, and of all encoder directions together; of a Transformer the same as E
  int encoder_layers = 1, decoder_layers = 1;  ///< one above the other
  bool bidirectional = true;                   ///< the encoder reads in both directions
  bool residual = false;                       ///< layers above the first add their input to their output
  bool layer_norm = false;                     ///< cells normalise their sums (Ba, Kiros, Hinton 2016)
  bool reverse_source = false;                 ///< an encoder of one direction reads from the last word to the first
  int feed_forward = 1024;                     ///< F, of a Transformer's layers
  bool pre_norm = true;                        ///< where they normalise (TransformerOptions::norm_first)
  Bridge bridge = Bridge::Last;
  bool fixed_context = false;  ///< without attention: every step and the readout also read the summary of the source
  Readout readout = Readout::Tanh;
  InitialValues initial_values = InitialValues::Xavier;
  TiedEmbeddings tied_embeddings = TiedEmbeddings::None;
  Real embedding_dropout = Real(0.3);  ///< on the word vectors; of a Transformer with their positions
  Real layer_dropout = Real(0.3);      ///< between layers; in a Transformer's layers
  Real output_dropout = Real(0.3);     ///< on the pre-output layer and Luong's attentional vector
  Real recurrent_dropout = 0;          ///< on hidden states from step to step, one mask a sentence (Gal et al. 2016)
  Real word_dropout = 0;               ///< of whole words: their vectors are 0 (Gal, Ghahramani 2016, section 4.2)
  double embedding_deviation = 0.1;    ///< of the embeddings at first, as they are read: a Transformer scales them
};

}
