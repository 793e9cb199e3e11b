#pragma once

#include <memory>
#include <span>

#include "nn/layers.h"
#include "ops/fused/recurrent.h"

/// Single steps of recurrent layers. Equations are in ops/fused/recurrent.h; names, layouts, gate order and first
/// values of the parameters are PyTorch's, where PyTorch has them.

namespace gradus::inline GRADUS_PRECISION {

/// How many gates, or sums, a step of each kind has.
constexpr int kLstmGates = 4, kGruGates = 3, kRnnGates = 1;

/// What one direction of one layer has: rows of all gates below each other. `suffix` ends the names: `_l0_reverse`.
struct RecurrentWeights {
  RecurrentWeights(Module* owner, const std::string& suffix, int in, int hidden, int gates, bool with_bias = true,
                   int proj_size = 0);
  /// b_ih + b_hh, or an empty handle without bias.
  Tensor bias();

  Parameter weight_ih;                        ///< (gates · H, in)
  Parameter weight_hh;                        ///< (gates · H, H), or (gates · H, P) with a projection
  std::optional<Parameter> bias_ih, bias_hh;  ///< (gates · H)
  std::optional<Parameter> weight_hr;         ///< (P, H), of the projection
};

/// A mask for recurrent dropout: 0 with the given probability, else 1 / (1 - probability).   -> (B, H); an empty handle
/// for probability 0
Tensor recurrent_mask(int batch, int hidden, Real probability);

/// One step of a recurrence of any kind. The state of a kind that has no cell leaves `LstmState::cell` empty.
/// Every kind names its new hidden state "h" (autograd/names.h), the fused LSTM and GRU in an `Unfused` scope only.
struct RecurrentCell : Module {
  RecurrentCell(Module* parent, std::string name, int size) : Module(parent, std::move(name)), hidden(size) {}

  /// x = [parts_0; parts_1; …], which are not copied together. A mask multiplies the hidden state before its product
  /// with the weights.   parts: (B, in_i), state: (B, H) each, mask: (B, H) or an empty handle -> (B, H) each
  virtual LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) = 0;

  int hidden;  ///< H
};

/// One step of an LSTM.
struct LSTMCell : RecurrentCell {
  LSTMCell(Module* parent, std::string name, int in, int hidden, bool with_bias = true);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;
  /// x: (B, in), state: (B, H) each -> (B, H) each
  LstmState operator()(Tensor x, LstmState state) { return step({&x, 1}, state); }
  /// A state of zeros for B sequences.
  LstmState zero_state(int batch) const;

  RecurrentWeights weights;  ///< with an empty suffix
};

/// One step of a GRU.
struct GRUCell : RecurrentCell {
  GRUCell(Module* parent, std::string name, int in, int hidden, bool with_bias = true);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;
  /// x: (B, in), hidden: (B, H) -> (B, H)
  Tensor operator()(Tensor x, Tensor state) { return step({&x, 1}, {state, {}}).hidden; }
  Tensor zero_state(int batch) const;  ///< (B, H)

  RecurrentWeights weights;  ///< with an empty suffix
};

/// One step of a plain RNN.
struct RNNCell : RecurrentCell {
  RNNCell(Module* parent, std::string name, int in, int hidden, Nonlinearity nonlinearity = Nonlinearity::Tanh,
          bool with_bias = true);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;
  /// x: (B, in), hidden: (B, H) -> (B, H)
  Tensor operator()(Tensor x, Tensor state) { return step({&x, 1}, {state, {}}).hidden; }
  Tensor zero_state(int batch) const;  ///< (B, H)

  RecurrentWeights weights;   ///< with an empty suffix
  Nonlinearity nonlinearity;  ///< that of the constructor
};

/// The GRU with the reset gate before the product, as it was published (Bahdanau et al. 2014, section A.1.1; in Cho et
/// al. 2014, eq. 7, z is the share of what is old, as in PyTorch), with z the share of what is new:
///     [r; z] = σ(W_ih x + W_hh h + b)      n = tanh(W_ih x + W_hn (r ∘ h) + b)      h' = (1 - z) ∘ h + z ∘ n
struct ResetBeforeGRUCell : RecurrentCell {
  ResetBeforeGRUCell(Module* parent, std::string name, int in, int hidden);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;

  Parameter weight_ih;  ///< (3H, in), rows r z n
  Parameter weight_hh;  ///< (2H, H), rows r z
  Parameter weight_hn;  ///< (H, H)
  Parameter bias;       ///< (3H), r z n
};

/// An LSTM whose sums are normalised (Ba, Kiros, Hinton 2016, eq. 20 to 22), gates as in ops/fused/recurrent.h:
///     a = LN(W_ih x) + LN(W_hh h)      c' = f ∘ c + i ∘ g      h' = o ∘ tanh(LN(c'))
/// Their bias b is that of the two norms.
struct LayerNormLSTMCell : RecurrentCell {
  LayerNormLSTMCell(Module* parent, std::string name, int in, int hidden);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;

  Parameter weight_ih;                    ///< (4H, in)
  Parameter weight_hh;                    ///< (4H, H)
  LayerNorm norm_ih, norm_hh, norm_cell;  ///< of the three in their order
};

/// A plain RNN whose sum is normalised (Ba, Kiros, Hinton 2016, eq. 4), with the bias b of the norm:
///     h' = tanh(LN(W_ih x + W_hh h))
struct LayerNormRNNCell : RecurrentCell {
  LayerNormRNNCell(Module* parent, std::string name, int in, int hidden);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;

  Parameter weight_ih;  ///< (H, in)
  Parameter weight_hh;  ///< (H, H)
  LayerNorm norm;       ///< the one of the equation
};

/// A GRU whose sums are normalised (Ba, Kiros, Hinton 2016, supplementary material, eq. 24 to 26). The gates r and z
/// are normalised together, and n by itself:
///     [r; z] = σ(LN(W_ih x) + LN(W_hh h))      n = tanh(LN(W_ih x) + r ∘ LN(W_hh h))      h' = (1 - z) ∘ n + z ∘ h
struct LayerNormGRUCell : RecurrentCell {
  LayerNormGRUCell(Module* parent, std::string name, int in, int hidden);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;

  Parameter weight_ih;             ///< (3H, in), rows r z n
  Parameter weight_hh;             ///< (3H, H)
  LayerNorm norm_ih, norm_hh;      ///< of r and z
  LayerNorm norm_ih_n, norm_hh_n;  ///< of n
};

/// The published GRU (ResetBeforeGRUCell) whose sums are normalised in the same way; the paper of layer normalisation
/// has the other GRU alone:
///     [r; z] = σ(LN(W_ih x) + LN(W_hh h))   n = tanh(LN(W_ih x) + LN(W_hn (r ∘ h)))   h' = (1 - z) ∘ h + z ∘ n
struct LayerNormResetBeforeGRUCell : RecurrentCell {
  LayerNormResetBeforeGRUCell(Module* parent, std::string name, int in, int hidden);
  LstmState step(std::span<const Tensor> parts, LstmState state, Tensor mask = {}) override;

  Parameter weight_ih;             ///< (3H, in), rows r z n
  Parameter weight_hh;             ///< (2H, H), rows r z
  Parameter weight_hn;             ///< (H, H)
  LayerNorm norm_ih, norm_hh;      ///< of r and z
  LayerNorm norm_ih_n, norm_hh_n;  ///< of n
};

}
