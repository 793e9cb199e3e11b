#include "nn/recurrent.h"

#include <algorithm>
#include <numeric>

#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr int kLstmGates = 4, kGruGates = 3;

/// A padded batch brought into the order that a packing needs.
struct SortedBatch {
  std::span<const int> order;     // order[i] is the sequence that is i-th in the packing
  std::span<const int> position;  // its inverse
  Packing packing;
  Tensor x;  // (rows, D)
};

SortedBatch sort_and_pack(Tensor x, std::span<const int> lengths) {
  if (x.rank() != 3 || static_cast<std::size_t>(x.dim(0)) != lengths.size()) {
    fail("recurrent: the input is {} with {} lengths; need (B, S, in) and B lengths", x.shape(), lengths.size());
  }
  const int batch = x.dim(0), steps = x.dim(1);
  for (int b = 0; b < batch; ++b) {
    if (lengths[b] < 1 || lengths[b] > steps) {
      fail("recurrent: length {} of sequence {} is outside of 1 to {}, the steps of {}", lengths[b], b, steps,
           x.shape());
    }
  }
  Tape& tape = Tape::active();
  const std::span order(tape.allocate<int>(batch), batch), position(tape.allocate<int>(batch), batch);
  const std::span sorted(tape.allocate<int>(batch), batch);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return lengths[a] != lengths[b] ? lengths[a] > lengths[b] : a < b; });
  for (int i = 0; i < batch; ++i) {
    position[order[i]] = i;
    sorted[i] = lengths[order[i]];
  }
  const Packing packing(sorted);
  const std::span rows(tape.allocate<int>(packing.rows()), packing.rows());
  for (int t = 0; t < packing.steps(); ++t) {
    for (int i = 0; i < packing.alive(t); ++i) rows[packing.row(i, t)] = order[i] * steps + t;
  }
  return {order, position, packing, gather_rows(reshape(x, {batch * steps, x.dim(2)}), rows)};
}

Tensor in_order(Tensor state, std::span<const int> position) { return gather_rows(state, position); }

LstmState in_order(const LstmState& state, std::span<const int> position) {
  return {gather_rows(state.hidden, position), gather_rows(state.cell, position)};
}

template <class Layer>
auto run_padded(Layer& layer, Tensor x, std::span<const int> lengths) {
  const SortedBatch batch = sort_and_pack(x, lengths);
  auto result = layer(batch.x, batch.packing);
  result.output = unpack(result.output, batch.packing, batch.position);
  auto states = Tape::active().allocate<std::remove_cvref_t<decltype(result.final[0])>>(result.final.size());
  for (std::size_t i = 0; i < result.final.size(); ++i) states[i] = in_order(result.final[i], batch.position);
  result.final = {states, result.final.size()};
  return result;
}

std::string suffix(int layer, bool reverse) { return fmt::format("_l{}{}", layer, reverse ? "_reverse" : ""); }

}

RecurrentWeights::RecurrentWeights(Module* owner, const std::string& suffix, int in, int hidden, int gates)
    : weight_ih{owner, "weight_ih" + suffix, {gates * hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{owner, "weight_hh" + suffix, {gates * hidden, hidden}, init::inverse_sqrt(hidden)},
      bias_ih{owner, "bias_ih" + suffix, {gates * hidden}, init::inverse_sqrt(hidden)},
      bias_hh{owner, "bias_hh" + suffix, {gates * hidden}, init::inverse_sqrt(hidden)} {}

RecurrentStack::RecurrentStack(Module* parent, std::string name, int gates, int in, int hidden,
                               const RecurrentOptions& options)
    : Module(parent, std::move(name)), hidden_(hidden), options_(options) {
  if (options.layers < 1) fail("recurrent: {} layers in {}; need at least one", options.layers, path());
  for (int layer = 0; layer < options.layers; ++layer) {
    for (int reverse = 0; reverse < directions(); ++reverse) {
      weights_.emplace_back(this, suffix(layer, reverse), layer == 0 ? in : output_size(), hidden, gates);
    }
  }
}

template <class State, class Direction>
RecurrentOutput<State> RecurrentStack::run(Tensor x, std::span<const State> initial, Direction direction) {
  if (!initial.empty() && initial.size() != weights_.size()) {
    fail("recurrent: {} initial states; need {}, one for each layer and direction", initial.size(), weights_.size());
  }
  State* const states = Tape::active().allocate<State>(weights_.size());
  for (int layer = 0; layer < options_.layers; ++layer) {
    if (layer > 0 && training() && options_.dropout != 0) x = dropout(x, options_.dropout);
    Tensor outputs[2];
    for (int reverse = 0; reverse < directions(); ++reverse) {
      const int i = layer * directions() + reverse;
      const auto result = direction(x, weights_[i], initial.empty() ? State() : initial[i], reverse != 0);
      outputs[reverse] = result.output;
      states[i] = result.final;
    }
    x = options_.bidirectional ? concat({outputs[0], outputs[1]}, 1) : outputs[0];
  }
  return {x, {states, weights_.size()}};
}

LSTM::LSTM(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options)
    : RecurrentStack(parent, std::move(name), kLstmGates, in, hidden, options) {}

RecurrentOutput<LstmState> LSTM::operator()(Tensor x, const Packing& packing, std::span<const LstmState> initial) {
  const Scope scope(path());
  return run(x, initial, [&](Tensor x, RecurrentWeights& w, LstmState initial, bool reverse) {
    return lstm_sequence(add(w.bias_ih, w.bias_hh), {{x, w.weight_ih}}, w.weight_hh, initial, packing, reverse);
  });
}

RecurrentOutput<LstmState> LSTM::operator()(Tensor x, std::span<const int> lengths) {
  const Scope scope(path());
  return run_padded(*this, x, lengths);
}

GRU::GRU(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options)
    : RecurrentStack(parent, std::move(name), kGruGates, in, hidden, options) {}

RecurrentOutput<Tensor> GRU::operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial) {
  const Scope scope(path());
  return run(x, initial, [&](Tensor x, RecurrentWeights& w, Tensor initial, bool reverse) {
    const Tensor projected = linear(x, w.weight_ih, w.bias_ih);
    return gru_sequence(projected, w.weight_hh, w.bias_hh, initial, packing, reverse);
  });
}

RecurrentOutput<Tensor> GRU::operator()(Tensor x, std::span<const int> lengths) {
  const Scope scope(path());
  return run_padded(*this, x, lengths);
}

LSTMCell::LSTMCell(Module* parent, std::string name, int in, int hidden)
    : Module(parent, std::move(name)), hidden(hidden), weights(this, "", in, hidden, kLstmGates) {}

LstmState LSTMCell::operator()(Tensor x, LstmState state) { return (*this)({x}, state); }

LstmState LSTMCell::operator()(std::initializer_list<Tensor> parts, LstmState state) {
  const Scope scope(path());
  Scratch scratch;
  const std::span inputs = terms_of({parts.begin(), parts.size()}, weights.weight_ih, scratch);
  auto* const terms = scratch.allocate<LinearTerm>(inputs.size() + 1);
  std::uninitialized_copy(inputs.begin(), inputs.end(), terms);
  new (terms + inputs.size()) LinearTerm{state.hidden, weights.weight_hh};
  return lstm_cell(add(weights.bias_ih, weights.bias_hh), std::span<const LinearTerm>(terms, inputs.size() + 1),
                   state.cell);
}

LstmState LSTMCell::zero_state(int batch) const { return {full({batch, hidden}, 0), full({batch, hidden}, 0)}; }

GRUCell::GRUCell(Module* parent, std::string name, int in, int hidden)
    : Module(parent, std::move(name)), hidden(hidden), weights(this, "", in, hidden, kGruGates) {}

Tensor GRUCell::operator()(Tensor x, Tensor state) {
  const Scope scope(path());
  return gru_cell(linear(x, weights.weight_ih, weights.bias_ih), state, weights.weight_hh, weights.bias_hh);
}

Tensor GRUCell::zero_state(int batch) const { return full({batch, hidden}, 0); }

}
