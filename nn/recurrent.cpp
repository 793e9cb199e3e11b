#include "nn/recurrent.h"

#include <algorithm>
#include <numeric>

#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A padded batch brought into the order that a packing needs.
struct PackedSequence {
  std::span<const int> order;     // order[i] is the sequence that is i-th in the packing
  std::span<const int> position;  // its inverse
  Packing packing;
  Tensor x;  // (rows, D)
};

PackedSequence sort_and_pack(Tensor x, std::span<const int> lengths) {
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
  Arena& arena = Tape::active().arena();
  const std::span order = arena.make_array(batch, [](int i) { return i; });
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return lengths[a] != lengths[b] ? lengths[a] > lengths[b] : a < b; });
  const std::span position(arena.allocate<int>(batch), batch);
  for (int i = 0; i < batch; ++i) position[order[i]] = i;
  const Packing packing(arena.make_array(batch, [&](int i) { return lengths[order[i]]; }));
  const std::span rows(arena.allocate<int>(packing.rows()), packing.rows());
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
  const PackedSequence batch = sort_and_pack(x, lengths);
  auto result = layer(batch.x, batch.packing);
  result.output = unpack(result.output, batch.packing, batch.position);
  result.final = Tape::active().arena().make_array(
      result.final.size(), [&](std::size_t i) { return in_order(result.final[i], batch.position); });
  return result;
}

RecurrentOutput<LstmState> without_cells(const RecurrentOutput<Tensor>& y) {
  const auto state = [&](std::size_t i) { return LstmState{y.final[i], {}}; };
  return {y.output, Tape::active().arena().make_array(y.final.size(), state)};
}

std::string suffix(int layer, bool reverse) { return fmt::format("_l{}{}", layer, reverse ? "_reverse" : ""); }

}

RecurrentStack::RecurrentStack(Module* parent, std::string name, int hidden, const RecurrentOptions& options)
    : Module(parent, std::move(name)), hidden_(hidden), options_(options) {
  if (options.layers < 1) fail("recurrent: {} layers in {}; need at least one", options.layers, path());
  for (const Real p : {options.dropout, options.recurrent_dropout}) detail::require_dropout(*this, p);
}

template <class Make>
void RecurrentStack::each_direction(int in, Make make) {
  for (int layer = 0; layer < options_.layers; ++layer) {
    for (int reverse = 0; reverse < directions(); ++reverse) {
      make(suffix(layer, reverse), layer == 0 ? in : output_size());
    }
  }
}

template <class State, class Direction>
RecurrentOutput<State> RecurrentStack::run(Tensor x, std::span<const State> initial, Direction direction) {
  const std::size_t count = static_cast<std::size_t>(options_.layers) * directions();
  if (!initial.empty() && initial.size() != count) {
    fail("recurrent: {} initial states; need {}, one for each layer and direction", initial.size(), count);
  }
  const std::span<State> states = Tape::active().arena().make_array(count, [](std::size_t) { return State(); });
  for (int layer = 0; layer < options_.layers; ++layer) {
    if (layer > 0 && training() && options_.dropout != 0) x = dropout(x, options_.dropout);
    Tensor outputs[2];
    for (int reverse = 0; reverse < directions(); ++reverse) {
      const int i = layer * directions() + reverse;
      const auto result = direction(x, i, initial.empty() ? State() : initial[i], reverse != 0);
      outputs[reverse] = result.output;
      states[i] = result.final;
    }
    const Tensor y = options_.bidirectional ? concat({outputs[0], outputs[1]}, 1) : outputs[0];
    x = options_.residual && layer > 0 ? x + y : y;
  }
  return {x, states};
}

LSTM::LSTM(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options)
    : RecurrentStack(parent, std::move(name), hidden, options) {
  each_direction(
      in, [&](const std::string& suffix, int in) { weights_.emplace_back(this, suffix, in, hidden, kLstmGates); });
}

RecurrentOutput<LstmState> LSTM::operator()(Tensor x, const Packing& packing, std::span<const LstmState> initial) {
  const ModulePath here(path());
  return run(x, initial, [&](Tensor x, int i, LstmState initial, bool reverse) {
    RecurrentWeights& w = weights_[i];
    return lstm_sequence(add(w.bias_ih, w.bias_hh), {{x, w.weight_ih}}, w.weight_hh, initial, packing, reverse,
                         mask(packing.batch()));
  });
}

RecurrentOutput<LstmState> LSTM::operator()(Tensor x, std::span<const int> lengths) {
  const ModulePath here(path());
  return run_padded(*this, x, lengths);
}

GRU::GRU(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options)
    : RecurrentStack(parent, std::move(name), hidden, options) {
  each_direction(
      in, [&](const std::string& suffix, int in) { weights_.emplace_back(this, suffix, in, hidden, kGruGates); });
}

RecurrentOutput<Tensor> GRU::operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial) {
  const ModulePath here(path());
  return run(x, initial, [&](Tensor x, int i, Tensor initial, bool reverse) {
    RecurrentWeights& w = weights_[i];
    const Tensor projected = linear(x, w.weight_ih, w.bias_ih);
    return gru_sequence(projected, w.weight_hh, w.bias_hh, initial, packing, reverse, mask(packing.batch()));
  });
}

RecurrentOutput<Tensor> GRU::operator()(Tensor x, std::span<const int> lengths) {
  const ModulePath here(path());
  return run_padded(*this, x, lengths);
}

RecurrentOutput<LstmState> GRU::sequence(Tensor x, const Packing& packing) {
  return without_cells((*this)(x, packing));
}

RNN::RNN(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options,
         Nonlinearity nonlinearity)
    : RecurrentStack(parent, std::move(name), hidden, options), nonlinearity_(nonlinearity) {
  each_direction(
      in, [&](const std::string& suffix, int in) { weights_.emplace_back(this, suffix, in, hidden, kRnnGates); });
}

RecurrentOutput<Tensor> RNN::operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial) {
  const ModulePath here(path());
  return run(x, initial, [&](Tensor x, int i, Tensor initial, bool reverse) {
    RecurrentWeights& w = weights_[i];
    return rnn_sequence(add(w.bias_ih, w.bias_hh), {{x, w.weight_ih}}, w.weight_hh, initial, packing, reverse,
                        nonlinearity_, mask(packing.batch()));
  });
}

RecurrentOutput<Tensor> RNN::operator()(Tensor x, std::span<const int> lengths) {
  const ModulePath here(path());
  return run_padded(*this, x, lengths);
}

RecurrentOutput<LstmState> RNN::sequence(Tensor x, const Packing& packing) {
  return without_cells((*this)(x, packing));
}

namespace {

/// The first n rows; those that a state does not have yet begin with zeros.
Tensor resize_rows(Tensor x, int n) {
  if (!x || x.dim(0) == n) return x;
  return x.dim(0) > n ? slice(x, 0, 0, n) : concat({x, full({n - x.dim(0), x.dim(1)}, 0)}, 0);
}

/// One cell over packed sequences, as `lstm_sequence`.
LstmOutput run_cell(RecurrentCell& cell, Tensor x, const Packing& packing, bool reverse, Tensor mask) {
  const int steps = packing.steps();
  std::vector<Tensor> hidden(steps), cells(steps);
  const Tensor zeros = full({packing.alive(reverse ? steps - 1 : 0), cell.hidden}, 0);
  LstmState state{zeros, zeros};
  for (int k = 0; k < steps; ++k) {
    const int t = reverse ? steps - 1 - k : k, begin = packing.offset(t), alive = packing.alive(t);
    const Tensor input = slice(x, 0, begin, begin + alive);
    state = cell.step({&input, 1}, {resize_rows(state.hidden, alive), resize_rows(state.cell, alive)},
                      resize_rows(mask, alive));
    hidden[t] = state.hidden;
    cells[t] = state.cell;
  }
  std::vector<int> last(packing.batch());  // rows of the sequences' last steps
  for (int b = 0; b < packing.batch(); ++b) last[b] = packing.row(b, reverse ? 0 : packing.length(b) - 1);
  const Tensor output = concat(hidden, 0);
  return {output, {gather_rows(output, last), state.cell ? gather_rows(concat(cells, 0), last) : Tensor()}};
}

}

CellStack::CellStack(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options,
                     MakeCell make)
    : RecurrentStack(parent, std::move(name), hidden, options) {
  each_direction(in, [&](const std::string& suffix, int in) {
    cells_.push_back(make(this, suffix.substr(1), in, hidden));  // "l0_reverse"
  });
}

RecurrentOutput<LstmState> CellStack::sequence(Tensor x, const Packing& packing) {
  const ModulePath here(path());
  return run<LstmState>(x, {}, [&](Tensor x, int i, LstmState, bool reverse) {
    return run_cell(*cells_[i], x, packing, reverse, mask(packing.batch()));
  });
}

}
