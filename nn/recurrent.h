#pragma once

#include <deque>
#include <memory>
#include <span>

#include "nn/recurrent_cells.h"
#include "ops/sequence/packing.h"

/// Recurrent layers; their single steps are in nn/recurrent_cells.h. Equations are in ops/fused/recurrent.h; names,
/// layouts, gate order and first values of the parameters are PyTorch's, so that its files can be read and written
/// without translation.

namespace gradus::inline GRADUS_PRECISION {

/// What a recurrent layer has besides its sizes.
struct RecurrentOptions {
  int layers = 1;              ///< each further layer reads the output of the one before
  bool bidirectional = false;  ///< every layer reads in both directions, and their outputs are concatenated
  Real dropout = 0;            ///< on the output of every layer but the last one, in training mode
  bool residual = false;       ///< layers above the first add their input to their output (He et al. 2016)
  /// In training mode, on the hidden state that a step hands to the next one, with one mask a sequence for all steps
  /// (Gal, Ghahramani 2016, section 4).
  Real recurrent_dropout = 0;
  bool bias = true;   ///< of the gates; not of a CellStack, whose cells have their own
  int proj_size = 0;  ///< P, of an LSTM: its hidden state is W_hr h, of size P < H (Sak et al. 2014, eq. 6); 0: none
};

/// The result of a whole recurrent layer. D is the number of directions, 1 or 2.
template <class State>
struct RecurrentOutput {
  Tensor output;                 ///< (rows, D · H) packed, or (B, S, D · H) padded: the last layer's hidden states
  std::span<const State> final;  ///< of each layer and direction in the order l0, l0_reverse, l1, …: (B, H)
};

/// The numbers of states, which outlive the tape that they were computed on. An empty one stands for states of zeros.
///
///     DetachedStates<LstmState> state;
///     for (const Chunk& chunk : chunks) {   // truncated backpropagation through time (Williams, Peng 1990)
///       Tape tape;
///       const auto [output, final] = lstm(chunk.x, chunk.lengths, state);
///       tape.backward(loss(output, chunk));
///       state = detach(final);
///     }
template <class State>
class DetachedStates {
 public:
  DetachedStates() = default;
  explicit DetachedStates(std::span<const State> states);
  /// The states as constants of the active tape, as long as that lives.
  operator std::span<const State>() const;

 private:
  struct Numbers {
    Shape shape;
    std::vector<Real> values;
  };
  std::vector<Numbers> numbers_;  // of each tensor of each state; an empty handle has no values and the shape (0)
};

/// Takes the final states of a layer, or the state of a cell, from their tape: no gradient flows beyond.
DetachedStates<LstmState> detach(std::span<const LstmState> states);
DetachedStates<Tensor> detach(std::span<const Tensor> states);
inline DetachedStates<LstmState> detach(const LstmState& state) { return detach(std::span(&state, 1)); }

/// The structure common to all kinds: a stack of layers, each in one direction or two.
class RecurrentStack : public Module {
 public:
  /// Packed sequences, for those who do not care about the kind. The states of a kind without a cell leave
  /// `LstmState::cell` empty.   x: (rows, in), initial: in the order of `final`, or none for zeros
  virtual RecurrentOutput<LstmState> sequence(Tensor x, const Packing& packing,
                                              std::span<const LstmState> initial = {}) = 0;

  int hidden() const { return hidden_; }                        ///< H
  const RecurrentOptions& options() const { return options_; }  ///< those of the constructor
  /// The size of a hidden state: H, or P with a projection.
  int state_size() const { return options_.proj_size > 0 ? options_.proj_size : hidden_; }
  /// D times that, the last dimension of the output.
  int output_size() const { return directions() * state_size(); }

 protected:
  RecurrentStack(Module* parent, std::string name, int hidden, const RecurrentOptions& options);
  int directions() const { return options_.bidirectional ? 2 : 1; }  ///< D
  /// Where a direction of a layer stands in the order of `RecurrentOutput::final`.
  std::size_t place(int layer, bool reverse) const {
    const int i = layer * directions() + (reverse ? 1 : 0);
    return static_cast<std::size_t>(i);
  }
  /// Throws for options that only an LSTM has.
  void refuse_projection() const;
  /// A mask of recurrent dropout, (batch, H), a new one for each layer and direction; an empty handle outside of
  /// training.
  Tensor mask(int batch) const {
    return training() ? recurrent_mask(batch, state_size(), options_.recurrent_dropout) : Tensor();
  }

  /// Calls `make(suffix, in)` for each layer and direction, in the order of `RecurrentOutput::final`.
  template <class Make>
  void each_direction(int in, Make make);
  /// Takes `x` through all layers. `direction(x, i, initial, reverse)` runs the i-th direction of a layer.
  template <class State, class Direction>
  RecurrentOutput<State> run(Tensor x, std::span<const State> initial, Direction direction);

 private:
  int hidden_;
  RecurrentOptions options_;
};

/// Long short-term memory over whole sequences (Hochreiter, Schmidhuber 1997).
class LSTM : public RecurrentStack {
 public:
  LSTM(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options = {});

  /// Packed sequences, with no work for padding.   x: (rows, in), initial: in the order of `final`, or none for zeros
  RecurrentOutput<LstmState> operator()(Tensor x, const Packing& packing, std::span<const LstmState> initial = {});

  /// Padded sequences of any lengths from 1 to S in any order; initial and final states in the batch's order.
  /// x: (B, S, in), lengths: (B) -> output (B, longest length, D · H), zeros beyond a length
  RecurrentOutput<LstmState> operator()(Tensor x, std::span<const int> lengths,
                                        std::span<const LstmState> initial = {});

  RecurrentOutput<LstmState> sequence(Tensor x, const Packing& packing,
                                      std::span<const LstmState> initial = {}) override {
    return (*this)(x, packing, initial);
  }
  /// The weights of a direction of a layer.
  RecurrentWeights& weights(int layer, bool reverse) { return weights_.at(place(layer, reverse)); }

 private:
  std::deque<RecurrentWeights> weights_;  // of each layer and direction; a deque, since parameters cannot move
};

/// Gated recurrent units over whole sequences (Cho et al. 2014); arguments and results as for `LSTM`.
class GRU : public RecurrentStack {
 public:
  GRU(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options = {});

  RecurrentOutput<Tensor> operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial = {});
  RecurrentOutput<Tensor> operator()(Tensor x, std::span<const int> lengths, std::span<const Tensor> initial = {});

  RecurrentOutput<LstmState> sequence(Tensor x, const Packing& packing,
                                      std::span<const LstmState> initial = {}) override;
  /// The weights of a direction of a layer.
  RecurrentWeights& weights(int layer, bool reverse) { return weights_.at(place(layer, reverse)); }

 private:
  std::deque<RecurrentWeights> weights_;
};

/// The plain recurrent net over whole sequences (Elman 1990); arguments and results as for `GRU`. Its gradient shrinks
/// or grows from step to step (Bengio et al. 1994), which is what the gates of the others are there for.
class RNN : public RecurrentStack {
 public:
  RNN(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options = {},
      Nonlinearity nonlinearity = Nonlinearity::Tanh);

  RecurrentOutput<Tensor> operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial = {});
  RecurrentOutput<Tensor> operator()(Tensor x, std::span<const int> lengths, std::span<const Tensor> initial = {});

  RecurrentOutput<LstmState> sequence(Tensor x, const Packing& packing,
                                      std::span<const LstmState> initial = {}) override;
  /// The weights of a direction of a layer.
  RecurrentWeights& weights(int layer, bool reverse) { return weights_.at(place(layer, reverse)); }

 private:
  std::deque<RecurrentWeights> weights_;
  Nonlinearity nonlinearity_;
};

/// A stack of any cells, step by step: the way for cells that have no fused layer, such as those that normalise.
class CellStack : public RecurrentStack {
 public:
  /// Makes the cell of a layer and direction, which is a child of the stack.
  using MakeCell = std::unique_ptr<RecurrentCell> (*)(Module* parent, std::string name, int in, int hidden);

  CellStack(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options, MakeCell make);
  RecurrentOutput<LstmState> sequence(Tensor x, const Packing& packing,
                                      std::span<const LstmState> initial = {}) override;

 private:
  std::vector<std::unique_ptr<RecurrentCell>> cells_;
};

}
