#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/translate/config/model_config.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/recurrent_cells.h"
#include "nn/sequence_attention.h"

namespace gradus::translate {

/// What a decoder's step leaves behind: what the next step goes on from, and what the output layer and others read.
struct DecoderState {
  // What goes on.
  std::span<const LstmState> layers;  ///< (N, H) each; without memory cells for GRUs
  std::span<const Past> pasts;        ///< of each layer of a Transformer, which has no hidden states
  std::span<const Tensor> masks;      ///< (N, H): of each layer's recurrent dropout, in training only
  Tensor output;                      ///< (N, H): of the last layer, if that is not its hidden state
  Tensor fed;                         ///< (N, ·): what input feeding hands on, h̃_t for Luong, or empty
  Tensor fixed_context;               ///< (N, H): the summary of the source, if there is no attention but this
  Tensor coverage;                    ///< (N, S): the sum of all weights so far, if the scores want it
  int position = 0;                   ///< of the next word

  // What the step computed.
  Tensor context;                   ///< (N, H): c_t, or empty
  Tensor read;                      ///< (N, H): the hidden state that Bahdanau's readout reads
  Tensor weights;                   ///< (N, S), empty before the first step and without attention
  Tensor log_probability, entropy;  ///< (N): of the position that hard attention drew; else empty

  /// What attention and the output layer see of the recurrence: s_i or h_t.
  Tensor hidden() const { return output ? output : layers.back().hidden; }
  /// The first n rows, those sentences that go on, without the weights.
  DecoderState first(int n) const;
};

/// What `part` takes from the state of each step, below each other, as packed.   (N_t, …) -> (Σ N_t, …)
Tensor all_steps(std::span<const DecoderState> states, Tensor (*part)(const DecoderState&));

/// What each attention of a decoder reads of the sources, in the decoder's order; none without attention.
using Memories = std::span<const Memory>;

/// What writes the target, word by word: a recurrent net (RecurrentDecoder) or a Transformer (transformer.h).
///
/// Rows are sentences, sorted longest target first, so that those still alive are the first N.
class Decoder : public Module {
 public:
  /// The state before the first step. `order[i]` is the encoder's row for the decoder's sentence i.
  virtual DecoderState begin(std::span<const LstmState> summary, std::span<const int> order) = 0;
  /// What the steps read of the sources.   (rows, H)
  virtual Memories prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) = 0;

  /// The embedded words y_{t-1}, in training of all steps at once.   (rows) -> (rows, E)
  virtual Tensor embed(std::span<const int> ids) = 0;
  /// One step.   embedded: (N, E) -> state of N rows
  virtual DecoderState step(Tensor embedded, const DecoderState& previous, Memories memories) = 0;
  /// What the output layer reads, R numbers, for one step or all of them.
  /// states: of each step, N_t rows; embedded: (Σ N_t, E) -> (Σ N_t, R)
  virtual Tensor pre_output(std::span<const DecoderState> states, Tensor embedded) = 0;
  /// What the output layer reads, for all steps at once, if no step needs the one before it; else an empty handle.
  /// embedded: (rows, E), packed -> (rows, R)
  virtual Tensor all_at_once(Tensor embedded, const Packing& packing, Memories memories);

  /// The scores of the words are output(pre_output(…)).   (rows, R) -> (rows, Vt)
  virtual Linear& output() = 0;
  /// The table of word vectors, (Vt, E).
  virtual Parameter& words() = 0;

 protected:
  using Module::Module;
};

/// What recurrent decoders share. The subclasses differ in `step`, and in what the pre-output layer reads.
class RecurrentDecoder : public Decoder {
 public:
  /// As `ModelConfig::bridge` says, of the encoder's summary: for its last states s₀ = tanh(W h + b), and the memory
  /// cell likewise.
  DecoderState begin(std::span<const LstmState> summary, std::span<const int> order) override;
  Tensor embed(std::span<const int> ids) override;
  /// The deep output (Pascanu et al. 2014) as `ModelConfig::readout` says: a layer between the recurrence and the
  /// words, of E numbers; of a direct readout what it reads.
  Tensor pre_output(std::span<const DecoderState> states, Tensor embedded) override;
  Linear& output() override { return output_; }
  Parameter& words() override { return recurrence_.embedding ? recurrence_.embedding->weight : output_.weight; }

 protected:
  /// The recurrence reads `input_size` numbers besides the word, the readout `readout_size` (R), and input feeding
  /// hands on `fed_size`.
  RecurrentDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size, int readout_size,
                   int fed_size = 0);
  /// The pre-output layer.
  virtual Tensor readout(std::span<const DecoderState> states, Tensor embedded) = 0;
  /// What the pre-output layer makes of the numbers that it reads.   (N, ·) each, together (N, R) -> (N, E or R)
  Tensor deep_output(std::initializer_list<Tensor> parts);
  /// One step of all layers, the first of which reads those parts that are not empty. What the step computes besides is
  /// still to be set.
  DecoderState recur(std::initializer_list<Tensor> parts, const DecoderState& previous);
  const ModelConfig& config() const { return config_; }

  Dropout dropout_;  ///< on the output

 private:
  /// What a layer begins with.
  struct Start {
    Start(Module* owner, const std::string& suffix, const ModelConfig& config);
    LstmState operator()(const LstmState& summary, int batch);

    std::optional<Linear> hidden_map, cell_map;         // for a summary of the encoder's states
    std::optional<Parameter> hidden_value, cell_value;  // if it is learned
    Shape shape;
    bool has_cell, copies;
  };

  /// Word vectors, and of each layer its start and its cell.
  struct Recurrence {
    Recurrence(Module* owner, const ModelConfig& config, int input_size);

    std::optional<Embedding> embedding;  // unless the output layer has the table
    std::deque<Start> starts;            // a deque, since parameters cannot move
    std::vector<std::unique_ptr<RecurrentCell>> cells;
  };

  ModelConfig config_;
  int fed_size_;
  Recurrence recurrence_;
  Dropout layer_dropout_;
  std::optional<Linear> fixed_context_, pre_output_;
  Linear output_;
};

/// No attention: the source reaches the decoder through its initial state only (Sutskever et al. 2014, eq. 1), or, with
/// `ModelConfig::fixed_context`, as one vector at every step and readout (Cho et al. 2014, section 2.2 and appendix
/// A.1):
///     c = tanh(V h_S)    s_0 = tanh(V' c)    s_t = f(s_{t-1}, y_{t-1}, c)    p(y_t) from s_t, y_{t-1} and c
/// Departure: with the cell gru-reset-before f is that of Bahdanau et al. 2014, section A.1.1, which compare with such
/// a model; in Cho's decoder the reset gate stands outside of the product and on the context too.
struct PlainDecoder : RecurrentDecoder {
  PlainDecoder(Module* parent, std::string name, const ModelConfig& config);
  Memories prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) override;
  DecoderState step(Tensor embedded, const DecoderState& previous, Memories memories) override;
  Tensor readout(std::span<const DecoderState> states, Tensor embedded) override;
};

/// What decoders with attention share: any score and scope (`AttentionConfig`), coverage, and the context gate
/// (Tu et al. 2017, eq. 4 and 6), which decides from the word, the state and the context how much of the context to let
/// through:     z = σ(W [y_{t-1}; s; c_t])     c_t ← z ∘ c_t
/// Departures: theirs gates what the recurrence makes of the context (C c_t), and the readout sees all of it; here it
/// is the context itself that is gated, for whoever reads it, since in Luong's decoder that is the readout alone.
class AttentiveDecoder : public RecurrentDecoder {
 public:
  Memories prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) override;

 protected:
  AttentiveDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size, int readout_size,
                   int fed_size);
  /// Attends from the given state, (N, H).
  Attended attend(Tensor hidden, Tensor embedded, const DecoderState& previous, const Memory& memory);
  /// `next` with what the step's attention found.
  DecoderState with(DecoderState next, const Attended& attended, const DecoderState& previous) const;

  std::unique_ptr<Attention> attention_;

 private:
  std::optional<Linear> context_gate_;
};

/// Bahdanau et al. 2014, section 3.1 and appendix A.2: attention first, from the *previous* state, then the recurrence.
///     e_ij = vᵀ tanh(W s_{i-1} + U h_j)      α_i = softmax(e_i)      c_i = Σ_j α_ij h_j      (their eq. 5, 6)
///     s_i = f(s_{i-1}, y_{i-1}, c_i)
/// Their own f is the cell gru-reset-before, and their readout maxout, of [s_{i-1}; c_i; y_{i-1}] (A.2.2); otherwise
/// the readout reads s_i, as their eq. 4 has it. Input feeding, which they do not have, hands the readout to the next
/// step.
struct BahdanauDecoder : AttentiveDecoder {
  BahdanauDecoder(Module* parent, std::string name, const ModelConfig& config);
  DecoderState step(Tensor embedded, const DecoderState& previous, Memories memories) override;
  Tensor readout(std::span<const DecoderState> states, Tensor embedded) override;
};

/// Luong et al. 2015, section 3: the recurrence first, then attention from the *current* state.
///     h_t = LSTM(h_{t-1}, [y_{t-1}; h̃_{t-1}])                       (input feeding, their section 3.3)
///     a_t = softmax(h_tᵀ W h̄_s / √H)    c_t = Σ_s a_t(s) h̄_s     (global attention with the general score, eq. 7)
///     h̃_t = tanh(W_c [c_t; h_t])                                                            (eq. 5)
/// Departures of the options' defaults, which the preset `luong` does not have: one layer, a bidirectional encoder, a
/// tanh layer between h̃_t and the words, and the factor 1/√H, since we train with Adam instead of SGD: a step of Adam
/// moves all H² products of a score alike, so that unscaled scores soon saturate the softmax. On Multi30k the
/// validation perplexity after two epochs is 8.55 with the factor and 14.23 without.
struct LuongDecoder : AttentiveDecoder {
  LuongDecoder(Module* parent, std::string name, const ModelConfig& config);
  DecoderState step(Tensor embedded, const DecoderState& previous, Memories memories) override;
  Tensor readout(std::span<const DecoderState> states, Tensor embedded) override;

 private:
  /// h̃, for one step or all of them.   (rows, H) each -> (rows, H)
  Tensor attentional(Tensor context, Tensor hidden);

  Linear attentional_;
};

}
