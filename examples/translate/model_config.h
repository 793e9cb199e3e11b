#pragma once

#include "autograd/real.h"
#include "examples/translate/choices.h"

namespace gradus::translate {

enum class AttentionKind { None, Bahdanau, Luong };
template <>
inline constexpr std::array kChoices<AttentionKind>{"none", "bahdanau", "luong"};

enum class CellKind { Lstm, Gru };
template <>
inline constexpr std::array kChoices<CellKind>{"lstm", "gru"};

/// What the decoder's first state is made from.
enum class Bridge {
  Last,     ///< s₀ = tanh(W h + b) of the encoder's last states, of both directions side by side
  Mean,     ///< s₀ = tanh(W h + b) of the mean of the encoder's states (Xu et al. 2015, section 3.1.2)
  Zero,     ///< s₀ = 0
  Learned,  ///< s₀ is a parameter, the same for all sentences
};
template <>
inline constexpr std::array kChoices<Bridge>{"last", "mean", "zero", "learned"};

/// Which tables of word vectors are one (Press, Wolf 2017).
enum class TiedEmbeddings {
  None,
  Target,  ///< the decoder's words and the weight of the output layer
  All,     ///< these and the encoder's words, which must be of the same vocabulary
};
template <>
inline constexpr std::array kChoices<TiedEmbeddings>{"none", "target", "all"};

struct ModelConfig {
  AttentionKind attention = AttentionKind::Bahdanau;
  CellKind cell = CellKind::Lstm;
  int source_words = 0, target_words = 0;      ///< Vs, Vt
  int embedding = 256;                         ///< E
  int hidden = 512;                            ///< H, of the decoder, and of all encoder directions together
  int attention_size = 512;                    ///< A, of additive scores
  int encoder_layers = 1, decoder_layers = 1;  ///< one above the other
  bool bidirectional = true;                   ///< the encoder reads in both directions
  bool residual = false;                       ///< layers above the first add their input to their output
  bool layer_norm = false;                     ///< cells normalise their sums (Ba, Kiros, Hinton 2016)
  Bridge bridge = Bridge::Last;
  TiedEmbeddings tied_embeddings = TiedEmbeddings::None;
  Real embedding_dropout = Real(0.3);  ///< on the word vectors
  Real layer_dropout = Real(0.3);      ///< between layers
  Real output_dropout = Real(0.3);     ///< on the pre-output layer and Luong's attentional vector
  Real recurrent_dropout = 0;          ///< on hidden states from step to step, one mask a sentence (Gal et al. 2016)
  Real word_dropout = 0;               ///< of whole words: their vectors are 0 (Gal, Ghahramani 2016, section 4.2)
  double embedding_deviation = 0.1;    ///< of the embeddings at first
};

}
