#pragma once

#include "examples/translate/config/field.h"
#include "nn/attention_names.h"

namespace gradus::translate {

/// What encoder and decoder are made of.
enum class Architecture { Recurrent, Transformer, Convolution };
template <>
inline constexpr std::array kChoices<Architecture>{"recurrent", "transformer", "convolution"};

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
struct AttentionConfig : FieldGroup {
  AttentionConfig();

  Field<ScoreKind> score{this, "score", "additive", "How well a state of the encoder answers the query of the decoder",
                         only(Part::Attention)};
  Field<ScopeKind> scope{this, "scope", "global",
                         "Positions that are attended to. global: all; local-m: those around the number of the target "
                         "word; local-p: those around a predicted position; hard: a single one, which training draws; "
                         "wait-k: the first --wait-k ones and one more for each target word, so that a translation can "
                         "begin before the sentence ends; monotonic: the first one, from the last on, that "
                         "answers the query; mocha: the --chunk ones that end there",
                         only(Part::Attention)};
  Field<Normalizer> normalizer{this, "normalizer", Normalizer::Softmax, "What makes weights of scores",
                               only(Part::Attention)};
  Field<AttendWhen> attend{this, "attend", AttendWhen::Before, "Attend before the recurrence or after it",
                           only(Part::Attention)};
  Field<bool> input_feeding{this, "input_feeding", false,
                            "A step also reads the vector that the step before predicted its word from",
                            only(Part::Attention)};
  Field<bool> coverage{this, "coverage", false, "Scores know how much each position was attended to already",
                       only(Part::Attention)};
  Field<bool> context_gate{this, "context_gate", false, "A gate decides how much of the context to let through",
                           only(Part::Attention)};

  bool present = true;  ///< without attention the rest means nothing

  /// The paper that it is nearest to: the configuration as a whole goes by the names of AttentionKind.
  AttentionKind kind() const;
  static std::span<const char* const> names() { return kChoices<AttentionKind>; }
  friend const char* name_of(const AttentionConfig& config) { return name_of(config.kind()); }
  friend bool parse_choice(std::string_view name, AttentionConfig& config);
};

/// `config` with the combination of a paper: additive scores, before the recurrence (Bahdanau), or scaled general ones,
/// after it and with input feeding (Luong).
AttentionConfig attention_named(AttentionKind kind, AttentionConfig config = {});

enum class CellKind {
  Lstm,
  Gru,             ///< as PyTorch has it, with the reset gate after the product
  GruResetBefore,  ///< as Bahdanau et al. 2014 have it
  Rnn,             ///< without gates, h' = tanh(W_ih x + W_hh h + b)
};
template <>
inline constexpr std::array kChoices<CellKind>{"lstm", "gru", "gru-reset-before", "rnn"};

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

/// What decides what a model computes: E is the size of its word vectors, H of its states (`hidden`: of the decoder,
/// and of all encoder directions together; of a Transformer the same as E), A of the layer inside scores
/// (`attention_size`), F of a Transformer's inner layer (`feed_forward`), D the positions of a local scope on each side
/// (`window`), L those of location scores (`positions`), k the words that wait-k waits for (`wait_k`),
/// w the positions of a chunk (`chunk`).
struct ModelConfig : FieldGroup {
  ModelConfig();

  Field<Architecture> architecture{this, "architecture", Architecture::Recurrent,
                                   "What the model is made of: recurrent nets, attention alone, or convolutions. A "
                                   "transformer has --encoder-layers and --decoder-layers of size --hidden, which must "
                                   "be that of --embedding, with --heads, --feed-forward and --pre-norm; convolutions "
                                   "have --kernel-width, and attention in every layer of the decoder"};
  Field<AttentionConfig> attention{
      this, "attention", AttentionConfig(),
      "How the decoder looks at the source, after a paper. bahdanau: additive scores, before the recurrence; luong: "
      "scaled general scores, after it, with input feeding. The next options change parts of it",
      only(Part::Recurrence)};
  Field<CellKind> cell{this, "cell", CellKind::Lstm,
                       "The recurrent cell. gru: as PyTorch has it; gru-reset-before: the published one, which is "
                       "slower; rnn: the plain net without gates",
                       only(Part::Recurrence)};
  Field<int> embedding{this, "embedding", 256, "Size of the word vectors", range(1, 1 << 16).by_text()};
  Field<int> hidden{this, "hidden", 512,
                    "Size of the model's states. Both directions of the encoder share it, and it is even then",
                    range(2, 1 << 16).by_text()};
  Field<int> attention_size{this, "attention_size", 512, "Size of the layer inside additive and concat scores",
                            range(1, 1 << 16).by_text()};
  Field<int> heads{this, "heads", 8, "Heads of multi-head scores or of a transformer; must divide --hidden",
                   range(1, 1024).by_text()};
  Field<int> window{this, "window", 10, "Positions on each side that local scopes see"};
  Field<int> wait_k{this, "wait_k", 3,
                    "Words of the source, or subwords, that the scope wait-k reads before it writes the first one",
                    range(1, 1 << 16)};
  Field<int> chunk{this, "chunk", 8, "Positions that the scope mocha sees", range(1, 1 << 16)};
  Field<double> energy_noise{
      this, "energy_noise", 1,
      "Standard deviation of the noise with which the scopes monotonic and mocha learn to decide", range(0, 100)};
  Field<int> positions{
      this, "positions", 50,
      "Positions that location scores, or convolutions, know. Of convolutions all later ones are as the last one",
      range(1, 1 << 16)};
  Field<int> encoder_layers{this, "encoder_layers", 1, "Layers of the encoder", range(1, 64).by_text()};
  Field<int> decoder_layers{this, "decoder_layers", 1, "Layers of the decoder", range(1, 64).by_text()};
  Field<bool> bidirectional{this, "bidirectional", true, "The encoder reads in both directions",
                            only(Part::Recurrence)};
  Field<bool> reverse_source{this, "reverse_source", false, "The encoder reads from the last word to the first",
                             only(Part::Recurrence)};
  Field<bool> residual{this, "residual", false, "Layers above the first add their input to their output",
                       only(Part::Recurrence)};
  Field<bool> layer_norm{this, "layer_norm", false, "Cells normalise their sums. This is slower, since it is not fused",
                         only(Part::Recurrence)};
  Field<int> feed_forward{this, "feed_forward", 1024, "Size of the layer inside a transformer's feed-forward nets",
                          range(1, 1 << 16).by_text()};
  Field<bool> pre_norm{this, "pre_norm", true,
                       "A transformer normalises what its sub-layers read, not, as in the paper, what they leave",
                       only(Part::Transformer)};
  Field<int> kernel_width{this, "kernel_width", 3, "Words that a convolution sees; an odd number",
                          range(1, 63).only(Part::Convolution)};
  Field<Bridge> bridge{this, "bridge", Bridge::Last,
                       "What the decoder begins with. last: the last states of the encoder; mean: the mean of all; "
                       "backward: the last state of the backward direction alone; copy: the last states, layer by "
                       "layer; learned: the same for all sentences",
                       only(Part::Recurrence)};
  Field<bool> fixed_context{this, "fixed_context", false,
                            "Without attention, a summary of the source is read at every step. It is the one that the "
                            "bridge reads, and the output layer reads it too",
                            only(Part::Recurrence)};
  Field<Readout> readout{this, "readout", Readout::Tanh,
                         "What stands before the output layer: a tanh layer, a maxout layer, or nothing",
                         only(Part::Recurrence)};
  Field<InitialValues> initial_values{this, "initial_values", InitialValues::Xavier,
                                      "The first values of the parameters: Xavier's, or those of a paper"};
  Field<TiedEmbeddings> tied_embeddings{
      this, "tied_embeddings", TiedEmbeddings::None,
      "One table of word vectors for several layers. target: the decoder's words and the output layer; all: the "
      "encoder's words too, which takes a joint vocabulary",
      by_text()};
  Field<double> embedding_deviation{
      this, "embedding_deviation", 0.1,
      "Standard deviation of the word vectors at first. With 1 luong learns faster, with 0.1 bahdanau better",
      range(0, 100).by_text()};
  Field<double> dropout{
      this, "dropout", 0.3,
      "Share of activations to leave out. It is so in training alone, and keeps a model from learning by heart",
      range(0, 0.95).by_text()};
  Field<double> embedding_dropout{this, "embedding_dropout", kAsDropout, "The same for word vectors; -1: as --dropout",
                                  rate_or_as_dropout()};
  Field<double> layer_dropout{this, "layer_dropout", kAsDropout, "The same between layers; -1: as --dropout",
                              rate_or_as_dropout()};
  Field<double> output_dropout{this, "output_dropout", kAsDropout, "The same before the output layer; -1: as --dropout",
                               rate_or_as_dropout().only(Part::Recurrence)};
  Field<double> recurrent_dropout{
      this, "recurrent_dropout", 0,
      "Share of the hidden state that a sentence's steps do not pass on, the same at all of them",
      range(0, 0.95).only(Part::Recurrence).by_text()};
  Field<double> word_dropout{this, "word_dropout", 0, "Share of words whose vectors are dropped as a whole",
                             range(0, 0.95).by_text()};

  int source_words = 0, target_words = 0;  ///< Vs, Vt: how many the vocabularies have

  /// The same, with vocabularies of these sizes.
  ModelConfig with_words(std::size_t source_words, std::size_t target_words) const;
  /// Whether a model can write while its source still comes: its attention reads that from the first word on.
  bool is_simultaneous() const;
  /// The same, with `dropout` in the place of the rates that are left to it.
  ModelConfig with_dropout_rates() const;
};

}
