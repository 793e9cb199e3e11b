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

/// Row i is row order[i] of the state; an empty handle stays one.
Tensor in_order(Tensor state, std::span<const int> order) {
  if (!state) return state;
  if (state.rank() != 2 || static_cast<std::size_t>(state.dim(0)) != order.size()) {
    fail("recurrent: the initial state is {}; need (B, H) with B = {}", state.shape(), order.size());
  }
  return gather_rows(state, order);
}

LstmState in_order(const LstmState& state, std::span<const int> order) {
  return {in_order(state.hidden, order), in_order(state.cell, order)};
}

template <class Layer, class State>
auto run_padded(Layer& layer, Tensor x, std::span<const int> lengths, std::span<const State> initial) {
  const PackedSequence batch = sort_and_pack(x, lengths);
  const std::span<const State> sorted = Tape::active().arena().make_array(
      initial.size(), [&](std::size_t i) { return in_order(initial[i], batch.order); });
  auto result = layer(batch.x, batch.packing, sorted);
  result.output = unpack(result.output, batch.packing, batch.position);
  result.final = Tape::active().arena().make_array(
      result.final.size(), [&](std::size_t i) { return in_order(result.final[i], batch.position); });
  return result;
}

RecurrentOutput<LstmState> without_cells(const RecurrentOutput<Tensor>& y) {
  const auto state = [&](std::size_t i) { return LstmState{y.final[i], {}}; };
  return {y.output, Tape::active().arena().make_array(y.final.size(), state)};
}

std::span<const Tensor> hidden_of(std::span<const LstmState> states) {
  return Tape::active().arena().make_array(states.size(), [&](std::size_t i) { return states[i].hidden; });
}

/// The first n rows of the state so far, and for those that it does not have yet, the initial state's.
Tensor resize_rows(Tensor state, int n, Tensor initial) {
  if (!state || state.dim(0) == n) return state;
  return state.dim(0) > n ? slice(state, 0, 0, n) : concat({state, slice(initial, 0, state.dim(0), n)}, 0);
}

/// One cell over packed sequences, as `lstm_sequence`: `step(x, state, mask)` does one step, beginning with the initial
/// state, (B, ·) each.
template <class Step>
LstmOutput run_steps(Step step, Tensor x, const Packing& packing, bool reverse, LstmState initial, Tensor mask) {
  const int steps = packing.steps();
  if (steps == 0) fail("recurrent: no sequences: the packing is empty; need at least one");
  std::vector<Tensor> hidden(steps), cells(steps);
  LstmState state{first_rows(initial.hidden, packing.alive(reverse ? steps - 1 : 0)),
                  first_rows(initial.cell, packing.alive(reverse ? steps - 1 : 0))};
  for (int k = 0; k < steps; ++k) {
    const int t = reverse ? steps - 1 - k : k, begin = packing.offset(t), alive = packing.alive(t);
    const LstmState before{resize_rows(state.hidden, alive, initial.hidden),
                           resize_rows(state.cell, alive, initial.cell)};
    state = step(slice(x, 0, begin, begin + alive), before, first_rows(mask, alive));
    hidden[t] = state.hidden;
    cells[t] = state.cell;
  }
  std::vector<int> last(packing.batch());  // rows of the sequences' last steps
  for (int b = 0; b < packing.batch(); ++b) last[b] = packing.row(b, reverse ? 0 : packing.length(b) - 1);
  const Tensor output = concat(hidden, 0);
  return {output, {gather_rows(output, last), state.cell ? gather_rows(concat(cells, 0), last) : Tensor()}};
}

/// An LSTM with a projection: h' = W_hr (o ∘ tanh(c')).
LstmOutput run_projected(RecurrentWeights& w, Tensor x, const Packing& packing, bool reverse, LstmState initial,
                         Tensor mask) {
  const int B = packing.batch(), P = w.weight_hr->shape()[0], H = w.weight_hr->shape()[1];
  if (!initial.hidden) initial = {full({B, P}, 0), full({B, H}, 0)};
  if (initial.hidden.shape() != Shape{B, P} || initial.cell.shape() != Shape{B, H}) {
    fail("recurrent: the initial state is {} and {}; need {} and {}", initial.hidden.shape(), initial.cell.shape(),
         Shape{B, P}, Shape{B, H});
  }
  const Tensor base = w.bias();
  const auto step = [&](Tensor x, LstmState state, Tensor mask) {
    const Tensor hidden = mask ? state.hidden * mask : state.hidden;
    const LstmState next = lstm_cell(base, {{x, w.weight_ih}, {hidden, w.weight_hh}}, state.cell);
    return LstmState{linear(next.hidden, *w.weight_hr), next.cell};
  };
  return run_steps(step, x, packing, reverse, initial, mask);
}

std::string suffix(int layer, bool reverse) { return fmt::format("_l{}{}", layer, reverse ? "_reverse" : ""); }

}

namespace {

/// Calls visit(tensor) for each tensor of a state.
template <class Visit>
void each_tensor(Tensor& state, Visit visit) {
  visit(state);
}
template <class Visit>
void each_tensor(LstmState& state, Visit visit) {
  visit(state.hidden);
  visit(state.cell);
}

}

template <class State>
DetachedStates<State>::DetachedStates(std::span<const State> states) {
  for (State state : states) {
    each_tensor(state, [&](const Tensor& x) {
      numbers_.push_back(x ? Numbers{x.shape(), {x.value().begin(), x.value().end()}} : Numbers{{0}, {}});
    });
  }
}

template <class State>
DetachedStates<State>::operator std::span<const State>() const {
  auto next = numbers_.begin();
  const std::size_t count = numbers_.size() / (std::is_same_v<State, LstmState> ? 2 : 1);
  return Tape::active().arena().make_array(count, [&](std::size_t) {
    State state;
    each_tensor(state, [&](Tensor& x) {
      if (next->shape != Shape{0}) x = constant(next->shape, next->values);
      ++next;
    });
    return state;
  });
}

template class DetachedStates<LstmState>;
template class DetachedStates<Tensor>;

DetachedStates<LstmState> detach(std::span<const LstmState> states) { return DetachedStates<LstmState>(states); }
DetachedStates<Tensor> detach(std::span<const Tensor> states) { return DetachedStates<Tensor>(states); }

RecurrentStack::RecurrentStack(Module* parent, std::string name, int hidden, const RecurrentOptions& options)
    : Module(parent, std::move(name)), hidden_(hidden), options_(options) {
  if (options.layers < 1) fail("recurrent: {} layers in {}; need at least one", options.layers, path());
  for (const Real p : {options.dropout, options.recurrent_dropout}) detail::require_dropout(*this, p);
  if (options.proj_size < 0 || options.proj_size >= std::max(hidden, 1)) {
    fail("recurrent: proj_size {} of hidden size {} in {}; need less, or 0 for none", options.proj_size, hidden,
         path());
  }
}

void RecurrentStack::refuse_projection() const {
  if (options_.proj_size > 0) fail("recurrent: proj_size {} in {}; only an LSTM has one", options_.proj_size, path());
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
  each_direction(in, [&](const std::string& suffix, int in) {
    weights_.emplace_back(this, suffix, in, hidden, kLstmGates, options.bias, options.proj_size);
  });
}

RecurrentOutput<LstmState> LSTM::operator()(Tensor x, const Packing& packing, std::span<const LstmState> initial) {
  const ModulePath here(path());
  return run(x, initial, [&](Tensor x, int i, LstmState initial, bool reverse) {
    RecurrentWeights& w = weights_[i];
    if (w.weight_hr) return run_projected(w, x, packing, reverse, initial, mask(packing.batch()));
    return lstm_sequence(w.bias(), {{x, w.weight_ih}}, w.weight_hh, initial, packing, reverse, mask(packing.batch()));
  });
}

RecurrentOutput<LstmState> LSTM::operator()(Tensor x, std::span<const int> lengths,
                                            std::span<const LstmState> initial) {
  const ModulePath here(path());
  return run_padded(*this, x, lengths, initial);
}

GRU::GRU(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options)
    : RecurrentStack(parent, std::move(name), hidden, options) {
  refuse_projection();
  each_direction(in, [&](const std::string& suffix, int in) {
    weights_.emplace_back(this, suffix, in, hidden, kGruGates, options.bias);
  });
}

RecurrentOutput<Tensor> GRU::operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial) {
  const ModulePath here(path());
  return run(x, initial, [&](Tensor x, int i, Tensor initial, bool reverse) {
    RecurrentWeights& w = weights_[i];
    const Tensor bias_ih = tensor_if_any(w.bias_ih);
    const Tensor bias_hh = tensor_if_any(w.bias_hh);
    const Tensor projected = linear(x, w.weight_ih, bias_ih);
    return gru_sequence(projected, w.weight_hh, bias_hh, initial, packing, reverse, mask(packing.batch()));
  });
}

RecurrentOutput<Tensor> GRU::operator()(Tensor x, std::span<const int> lengths, std::span<const Tensor> initial) {
  const ModulePath here(path());
  return run_padded(*this, x, lengths, initial);
}

RecurrentOutput<LstmState> GRU::sequence(Tensor x, const Packing& packing, std::span<const LstmState> initial) {
  return without_cells((*this)(x, packing, hidden_of(initial)));
}

RNN::RNN(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options,
         Nonlinearity nonlinearity)
    : RecurrentStack(parent, std::move(name), hidden, options), nonlinearity_(nonlinearity) {
  refuse_projection();
  each_direction(in, [&](const std::string& suffix, int in) {
    weights_.emplace_back(this, suffix, in, hidden, kRnnGates, options.bias);
  });
}

RecurrentOutput<Tensor> RNN::operator()(Tensor x, const Packing& packing, std::span<const Tensor> initial) {
  const ModulePath here(path());
  return run(x, initial, [&](Tensor x, int i, Tensor initial, bool reverse) {
    RecurrentWeights& w = weights_[i];
    return rnn_sequence(w.bias(), {{x, w.weight_ih}}, w.weight_hh, initial, packing, reverse, nonlinearity_,
                        mask(packing.batch()));
  });
}

RecurrentOutput<Tensor> RNN::operator()(Tensor x, std::span<const int> lengths, std::span<const Tensor> initial) {
  const ModulePath here(path());
  return run_padded(*this, x, lengths, initial);
}

RecurrentOutput<LstmState> RNN::sequence(Tensor x, const Packing& packing, std::span<const LstmState> initial) {
  return without_cells((*this)(x, packing, hidden_of(initial)));
}

CellStack::CellStack(Module* parent, std::string name, int in, int hidden, const RecurrentOptions& options,
                     MakeCell make)
    : RecurrentStack(parent, std::move(name), hidden, options) {
  refuse_projection();
  each_direction(in, [&](const std::string& suffix, int in) {
    cells_.push_back(make(this, suffix.substr(1), in, hidden));  // "l0_reverse"
  });
}

RecurrentOutput<LstmState> CellStack::sequence(Tensor x, const Packing& packing, std::span<const LstmState> initial) {
  const ModulePath here(path());
  return run<LstmState>(x, initial, [&](Tensor x, int i, LstmState initial, bool reverse) {
    const Tensor zeros = full({packing.batch(), hidden()}, 0);
    if (!initial.hidden) initial.hidden = zeros;
    if (!initial.cell) initial.cell = zeros;
    const auto step = [&](Tensor x, LstmState state, Tensor mask) { return cells_[i]->step({&x, 1}, state, mask); };
    return run_steps(step, x, packing, reverse, initial, mask(packing.batch()));
  });
}

}
