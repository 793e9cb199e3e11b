#pragma once

#include <deque>
#include <span>

#include "nn/module.h"
#include "ops/packing.h"
#include "ops/recurrent.h"

/// Recurrent layers and cells. Equations are in ops/recurrent.h; names, layouts, gate order and first values of the
/// parameters are PyTorch's, so that its files can be read and written without translation.

namespace gradus::inline GRADUS_PRECISION {

struct RecurrentOptions {
  int layers = 1;              ///< each further layer reads the output of the one before
  bool bidirectional = false;  ///< every layer reads in both directions, and their outputs are concatenated
  Real dropout = 0;            ///< on the output of every layer but the last one, in training mode
};

/// What one direction of one layer has: rows of all gates below each other. `suffix` ends the names: `_l0_reverse`.
struct RecurrentWeights {
  RecurrentWeights(Module* owner, const std::string& suffix, int in, int hidden, int gates);

  Parameter weight_ih;  ///< (gates · H, in)
  Parameter weight_hh;  ///< (gates · H, H)
  Parameter bias_ih;    ///< (gates · H)
  Parameter bias_hh;    ///< (gates · H)
};

/// The result of a whole recurrent layer. D is the number of directions, 1 or 2.
template <class State>
struct RecurrentOutput {
  Tensor output;                 ///< (rows, D · H) packed, or (B, S, D · H) padded: the last layer's hidden states
  std::span<const State> final;  ///< of each layer and direction in the order l0, l0_reverse, l1, …: (B, H)
};

/// The structure common to LSTM and GRU: a stack of layers, each in one direction or two.
class RecurrentStack : public Module {
 public:
  int hidden() const { return hidden_; }
  const RecurrentOptions& options() const { return options_; }
  /// D · H, the last dimension of the output.
  int output_size() const { return directions() * hidden_; }
  /// The weights of a direction of a layer.
  RecurrentWeights& weights(int layer, bool reverse) { return weights_.at(layer * directions() + reverse); }

 protected:
  RecurrentStack(Module* parent, std::string name, int gates, int in, int hidden, const RecurrentOptions& options);
  int directions() const { return options_.bidirectional ? 2 : 1; }

  /// Takes `x` through all layers. `direction(x, weights, initial, reverse)` runs one direction of one layer.
  template <class State, class Direction>
  RecurrentOutput<State> run(Tensor x, std::span<const State> initial, Direction direction);

 private:
  int hidden_;
  RecurrentOptions options_;
  std::deque<RecurrentWeights> weights_;  // of each layer and direction; a deque, since parameters cannot move
};

/// Long short-term memory over whole sequences (Hochreiter, Schmidhuber 1997).
class LSTM : public RecurrentStack {
 public:
  LSTM(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options = {});

  /// Packed sequences, with no work for padding.   x: (rows, in), initial: in the order of `final`, or none for zeros
  RecurrentOutput<LstmState> operator()(Tensor x, const Packing& packing, std::span<const LstmState> initial = {});

  /// Padded sequences of any lengths from 1 to S in any order, each beginning with a state of zeros.   x: (B, S, in),
  /// lengths: (B) -> output (B, longest length, D · H), zeros beyond a length, and final states in the batch's order
  RecurrentOutput<LstmState> operator()(Tensor x, std::span<const int> lengths);
};

/// Gated recurrent units over whole sequences (Cho et al. 2014); arguments and results as for `LSTM`.
class GRU : public RecurrentStack {
 public:
  GRU(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options = {});

  RecurrentOutput<Tensor> operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial = {});
  RecurrentOutput<Tensor> operator()(Tensor x, std::span<const int> lengths);
};

/// One step of an LSTM.
struct LSTMCell : Module {
  LSTMCell(Module* parent, std::string name, int in, int hidden);
  /// x: (B, in), state: (B, H) each -> (B, H) each
  LstmState operator()(Tensor x, LstmState state);
  /// The same for x = [parts_0; parts_1; …], which are not copied together.   parts: (B, in_i)
  LstmState operator()(std::initializer_list<Tensor> parts, LstmState state);
  /// A state of zeros for B sequences.
  LstmState zero_state(int batch) const;
  int hidden;
  RecurrentWeights weights;
};

/// One step of a GRU.
struct GRUCell : Module {
  GRUCell(Module* parent, std::string name, int in, int hidden);
  /// x: (B, in), hidden: (B, H) -> (B, H)
  Tensor operator()(Tensor x, Tensor hidden);
  Tensor zero_state(int batch) const;

  int hidden;
  RecurrentWeights weights;
};

}
