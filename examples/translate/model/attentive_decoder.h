#pragma once

#include <memory>
#include <optional>
#include <string>

#include "examples/translate/model/recurrent_decoder.h"
#include "nn/attention.h"

namespace gradus::translate {

/// What a decoder with attention goes on from.
struct AttentiveState {
  RecurrentState recurrent;
  Tensor fed;             ///< (N, ·): what input feeding hands on, h̃_t for Luong, or empty
  Tensor coverage;        ///< (N, S): the sum of all weights so far, if the scores want it
  Tensor alignment = {};  ///< (N, heads · S): where monotonic attention stopped, or empty

  friend void for_each_tensor(AttentiveState& state, TensorAction action) {
    auto& [recurrent, fed, coverage, alignment] = state;
    for_each_tensor(recurrent, action);
    action(fed);
    action(coverage);
    action(alignment);
  }
};

/// What decoders with attention share: any score and scope (`AttentionConfig`), coverage, and the context gate
/// (Tu et al. 2017, eq. 4 and 6), which decides from the word, the state and the context how much of the context to let
/// through:     z = σ(W [y_{t-1}; s; c_t])     c_t ← z ∘ c_t
/// Departures: theirs gates what the recurrence makes of the context (C c_t), and the readout sees all of it; here it
/// is the context itself that is gated, for whoever reads it, since in Luong's decoder that is the readout alone.
class AttentiveDecoder : public RecurrentDecoder {
 public:
  DecoderState begin(std::span<const LstmState> summary, std::span<const int> order) override;
  EncodedSource prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) override;

 protected:
  AttentiveDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size, int readout_size,
                   int fed_size);
  /// Attends from the hidden state, (N, H).
  Attended attend(Tensor hidden, Tensor embedded, const DecoderState& previous, const KeysValues& source);
  /// The sum of all weights, those of this step included, if the scores want it; else an empty handle.
  Tensor coverage_after(const AttentiveState& previous, const Attended& attended) const;
  /// What the output layer and others read of a step that attended.
  static StepOutput output_of(Tensor hidden, Tensor query, const Attended& attended);

  std::unique_ptr<Attention> attention_;

 private:
  int fed_size_;
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
  Step step(Tensor embedded, const DecoderState& previous, EncodedSource source) override;

 protected:
  Tensor readout_of(std::span<const StepOutput> outputs, Tensor embedded) override;
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
  Step step(Tensor embedded, const DecoderState& previous, EncodedSource source) override;

 protected:
  Tensor readout_of(std::span<const StepOutput> outputs, Tensor embedded) override;

 private:
  /// h̃, for one step or all of them.   (rows, H) each -> (rows, H)
  Tensor attentional(Tensor context, Tensor hidden);

  Linear attentional_;
};

}
