#pragma once

#include "autograd/tape.h"
#include "ops/fused/linear.h"
#include "ops/sequence/packing.h"

/// Recurrent cells and whole recurrent layers, each as one op. Equations, names and gate order are PyTorch's; σ
/// is the sigmoid, and ∘ multiplies number by number.
///
/// LSTM (Hochreiter, Schmidhuber 1997, with the forget gate of Gers et al. 2000). Gates in the order i f g o:
///     i = σ(a_i)   f = σ(a_f)   g = tanh(a_g)   o = σ(a_o)      a = W_ih x + b_ih + W_hh h + b_hh
///     c' = f ∘ c + i ∘ g        h' = o ∘ tanh(c')
/// GRU (Cho et al. 2014, in the variant of cuDNN and PyTorch, with the reset gate after the product). Order r z n:
///     r = σ(x_r + h_r)   z = σ(x_z + h_z)   n = tanh(x_n + r ∘ h_n)    x. = W_ih x + b_ih   h. = W_hh h + b_hh
///     h' = (1 - z) ∘ n + z ∘ h
/// RNN, the plain one (Elman 1990). Its cell is `linear_sum_tanh(b_ih + b_hh, {{x, w_ih}, {h, w_hh}})`:
///     h' = f(a)   a = W_ih x + b_ih + W_hh h + b_hh       f = tanh, or relu(a) = max(a, 0)
/// Every base and every bias may be an empty handle, for 0.

namespace gradus::inline GRADUS_PRECISION {

/// What an LSTM hands from step to step.
struct LstmState {
  Tensor hidden, cell;  ///< (B, H) each
};

/// One step. The sum a is given as a base, (B, 4H) or (4H), and any number of linear terms: PyTorch's cell is
/// `lstm_cell(b_ih + b_hh, {{x, w_ih}, {h, w_hh}}, c)`; a decoder gives in the base what it knows of all steps at once.
LstmState lstm_cell(Tensor base, List<LinearTerm> terms, Tensor cell);

/// One step.   projected = W_ih x + b_ih: (B, 3H), h: (B, H), weight_hh: (3H, H), bias_hh: (3H) -> (B, H)
/// A mask, (B, H), multiplies h before the product with W_hh.
Tensor gru_cell(Tensor projected, Tensor hidden, Tensor weight_hh, Tensor bias_hh, Tensor mask = {});

/// The result of an LSTM layer in one direction.
struct LstmOutput {
  Tensor output;    ///< (packing.rows(), H): the hidden state of every step
  LstmState final;  ///< (B, H): of every sequence after its own last step (its first, in reverse)
};

/// A layer over packed sequences, in one direction. The sums a of all rows are given as for `lstm_cell`, but without
/// W_hh h: base: (rows, 4H) or (4H); x of a term: (rows, in); weight_hh: (4H, H); initial state: (B, H) each, or empty
/// handles for zeros. In reverse each sequence is read from its own last step to its first. At step t only the alive(t)
/// sequences that are longer than t are computed.
///
/// A mask, (B, H), multiplies h before every product with W_hh: with random zeros, the same at all steps, it is the
/// variational dropout of Gal, Ghahramani 2016, section 4. It takes no gradient.
LstmOutput lstm_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, LstmState initial,
                         const Packing& packing, bool reverse, Tensor mask = {});

/// The result of a GRU layer in one direction.
struct GruOutput {
  Tensor output;  ///< (packing.rows(), H)
  Tensor final;   ///< (B, H)
};

/// A GRU layer over packed sequences, in one direction, as `lstm_sequence`, but for its input, which is projected
/// already.   projected = W_ih x + b_ih: (rows, 3H); weight_hh: (3H, H); bias_hh: (3H)
GruOutput gru_sequence(Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial, const Packing& packing,
                       bool reverse, Tensor mask = {});

/// The f of a plain RNN.
enum class Nonlinearity { Tanh, Relu };

/// The result of a plain RNN layer in one direction.
struct RnnOutput {
  Tensor output;  ///< (packing.rows(), H)
  Tensor final;   ///< (B, H)
};

/// A plain RNN layer over packed sequences, in one direction, as `lstm_sequence`.   base: (rows, H) or (H); x of a
/// term: (rows, in); weight_hh: (H, H); initial: (B, H)
RnnOutput rnn_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, Tensor initial, const Packing& packing,
                       bool reverse, Nonlinearity nonlinearity = Nonlinearity::Tanh, Tensor mask = {});

/// The twins, out of basic ops.
namespace unfused {
LstmState lstm_cell(Tensor base, List<LinearTerm> terms, Tensor cell);
LstmOutput lstm_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, LstmState initial,
                         const Packing& packing, bool reverse, Tensor mask = {});
Tensor gru_cell(Tensor projected, Tensor hidden, Tensor weight_hh, Tensor bias_hh, Tensor mask = {});
GruOutput gru_sequence(Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial, const Packing& packing,
                       bool reverse, Tensor mask = {});
RnnOutput rnn_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, Tensor initial, const Packing& packing,
                       bool reverse, Nonlinearity nonlinearity = Nonlinearity::Tanh, Tensor mask = {});
}

}
