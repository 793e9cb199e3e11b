#include "nn/recurrent_cells.h"

#include <algorithm>
#include <memory>

#include "autograd/names.h"
#include "autograd/scratch.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

Tensor recurrent_mask(int batch, int hidden, Real probability) {
  return probability == 0 ? Tensor() : dropout(full({batch, hidden}, 1), probability);
}

RecurrentWeights::RecurrentWeights(Module* owner, const std::string& suffix, int in, int hidden, int gates,
                                   bool with_bias, int proj_size)
    : weight_ih{owner, "weight_ih" + suffix, {gates * hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{owner,
                "weight_hh" + suffix,
                {gates * hidden, proj_size > 0 ? proj_size : hidden},
                init::inverse_sqrt(hidden)} {
  const Init rule = init::inverse_sqrt(hidden);
  if (with_bias) bias_ih.emplace(owner, "bias_ih" + suffix, Shape{gates * hidden}, rule);
  if (with_bias) bias_hh.emplace(owner, "bias_hh" + suffix, Shape{gates * hidden}, rule);
  if (proj_size > 0) weight_hr.emplace(owner, "weight_hr" + suffix, Shape{proj_size, hidden}, rule);
}

Tensor RecurrentWeights::bias() { return bias_ih ? add(*bias_ih, *bias_hh) : Tensor(); }

namespace {

Tensor masked(Tensor hidden, Tensor mask) { return mask ? hidden * mask : hidden; }

/// For cells of ops that broadcast: a state of fewer rows or columns would be stretched.
void require_state(std::span<const Tensor> parts, const LstmState& state, int hidden) {
  for (const Tensor& x : {state.hidden, state.cell}) {
    if (!x || parts.empty() || x.shape() == Shape{parts[0].dim(0), hidden}) continue;
    fail("recurrent cell: the state does not fit: the state is {}, x is {}; need x (B, in) and a state (B, {})",
         x.shape(), parts[0].shape(), hidden);
  }
}

/// The terms of W_ih x + W_hh h, for the parts of x.
std::span<const LinearTerm> terms_with_state(std::span<const Tensor> parts, Parameter& weight_ih, Tensor hidden,
                                             Parameter& weight_hh, Scratch& scratch) {
  const std::span inputs = terms_of(parts, weight_ih, scratch);
  return scratch.make_array(inputs.size() + 1, [&](std::size_t i) {
    return i < inputs.size() ? inputs[i] : LinearTerm{hidden, weight_hh};
  });
}

}

LSTMCell::LSTMCell(Module* parent, std::string name, int in, int hidden, bool with_bias)
    : RecurrentCell(parent, std::move(name), hidden), weights(this, "", in, hidden, kLstmGates, with_bias) {}

LstmState LSTMCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  Scratch scratch;
  const Tensor hidden = masked(state.hidden, mask);
  const std::span terms = terms_with_state(parts, weights.weight_ih, hidden, weights.weight_hh, scratch);
  return lstm_cell(weights.bias(), terms, state.cell);
}

LstmState LSTMCell::zero_state(int batch) const { return {full({batch, hidden}, 0), full({batch, hidden}, 0)}; }

GRUCell::GRUCell(Module* parent, std::string name, int in, int hidden, bool with_bias)
    : RecurrentCell(parent, std::move(name), hidden), weights(this, "", in, hidden, kGruGates, with_bias) {}

LstmState GRUCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  Scratch scratch;
  const Tensor projected = linear_sum(tensor_if_any(weights.bias_ih), terms_of(parts, weights.weight_ih, scratch));
  return {gru_cell(projected, state.hidden, weights.weight_hh, tensor_if_any(weights.bias_hh), mask), {}};
}

Tensor GRUCell::zero_state(int batch) const { return full({batch, hidden}, 0); }

RNNCell::RNNCell(Module* parent, std::string name, int in, int hidden, Nonlinearity nonlinearity, bool with_bias)
    : RecurrentCell(parent, std::move(name), hidden),
      weights(this, "", in, hidden, kRnnGates, with_bias),
      nonlinearity(nonlinearity) {}

LstmState RNNCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  Scratch scratch;
  const Tensor hidden = masked(state.hidden, mask), bias = weights.bias();
  const std::span terms = terms_with_state(parts, weights.weight_ih, hidden, weights.weight_hh, scratch);
  return {named("h", nonlinearity == Nonlinearity::Tanh ? linear_sum_tanh(bias, terms) : relu(linear_sum(bias, terms))),
          {}};
}

Tensor RNNCell::zero_state(int batch) const { return full({batch, hidden}, 0); }

namespace {

/// Columns [k H, (k + 1) H).
Tensor gate(Tensor a, int k, int H) { return slice(a, 1, k * H, (k + 1) * H); }

/// x Wᵀ of the parts of x.
Tensor product(std::span<const Tensor> parts, Tensor weight) {
  Scratch scratch;
  return linear_sum({}, terms_of(parts, weight, scratch));
}

}

ResetBeforeGRUCell::ResetBeforeGRUCell(Module* parent, std::string name, int in, int hidden)
    : RecurrentCell(parent, std::move(name), hidden),
      weight_ih{this, "weight_ih", {kGruGates * hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{this, "weight_hh", {2 * hidden, hidden}, init::inverse_sqrt(hidden)},
      weight_hn{this, "weight_hn", {hidden, hidden}, init::inverse_sqrt(hidden)},
      bias{this, "bias", {kGruGates * hidden}, init::inverse_sqrt(hidden)} {}

LstmState ResetBeforeGRUCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  const int H = hidden;
  Scratch scratch;
  const Tensor x = linear_sum(bias, terms_of(parts, weight_ih, scratch)), h = masked(state.hidden, mask);
  const Tensor gates = sigmoid(slice(x, 1, 0, 2 * H) + linear(h, weight_hh));
  const Tensor r = gate(gates, 0, H), z = gate(gates, 1, H);
  const Tensor n = tanh(gate(x, 2, H) + linear(r * h, weight_hn));
  return {named("h", state.hidden + z * (n - state.hidden)), {}};
}

LayerNormLSTMCell::LayerNormLSTMCell(Module* parent, std::string name, int in, int hidden)
    : RecurrentCell(parent, std::move(name), hidden),
      weight_ih{this, "weight_ih", {kLstmGates * hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{this, "weight_hh", {kLstmGates * hidden, hidden}, init::inverse_sqrt(hidden)},
      norm_ih{this, "norm_ih", kLstmGates * hidden},
      norm_hh{this, "norm_hh", kLstmGates * hidden},
      norm_cell{this, "norm_cell", hidden} {}

LstmState LayerNormLSTMCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  const int H = hidden;
  const Tensor a = norm_ih(product(parts, weight_ih)) + norm_hh(linear(masked(state.hidden, mask), weight_hh));
  const Tensor i = sigmoid(gate(a, 0, H)), f = sigmoid(gate(a, 1, H)), g = tanh(gate(a, 2, H));
  const Tensor o = sigmoid(gate(a, 3, H));
  const Tensor cell = f * state.cell + i * g;
  return {named("h", o * tanh(norm_cell(cell))), cell};
}

LayerNormRNNCell::LayerNormRNNCell(Module* parent, std::string name, int in, int hidden)
    : RecurrentCell(parent, std::move(name), hidden),
      weight_ih{this, "weight_ih", {hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{this, "weight_hh", {hidden, hidden}, init::inverse_sqrt(hidden)},
      norm{this, "norm", hidden} {}

LstmState LayerNormRNNCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  Scratch scratch;
  const Tensor hidden = masked(state.hidden, mask);
  return {named("h", tanh(norm(linear_sum({}, terms_with_state(parts, weight_ih, hidden, weight_hh, scratch))))), {}};
}

LayerNormGRUCell::LayerNormGRUCell(Module* parent, std::string name, int in, int hidden)
    : RecurrentCell(parent, std::move(name), hidden),
      weight_ih{this, "weight_ih", {kGruGates * hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{this, "weight_hh", {kGruGates * hidden, hidden}, init::inverse_sqrt(hidden)},
      norm_ih{this, "norm_ih", 2 * hidden},
      norm_hh{this, "norm_hh", 2 * hidden},
      norm_ih_n{this, "norm_ih_n", hidden},
      norm_hh_n{this, "norm_hh_n", hidden} {}

LstmState LayerNormGRUCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  const int H = hidden;
  const Tensor x = product(parts, weight_ih), h = linear(masked(state.hidden, mask), weight_hh);
  const Tensor gates = sigmoid(norm_ih(slice(x, 1, 0, 2 * H)) + norm_hh(slice(h, 1, 0, 2 * H)));
  const Tensor r = gate(gates, 0, H), z = gate(gates, 1, H);
  const Tensor n = tanh(norm_ih_n(gate(x, 2, H)) + r * norm_hh_n(gate(h, 2, H)));
  return {named("h", (1 - z) * n + z * state.hidden), {}};
}

LayerNormResetBeforeGRUCell::LayerNormResetBeforeGRUCell(Module* parent, std::string name, int in, int hidden)
    : RecurrentCell(parent, std::move(name), hidden),
      weight_ih{this, "weight_ih", {kGruGates * hidden, in}, init::inverse_sqrt(hidden)},
      weight_hh{this, "weight_hh", {2 * hidden, hidden}, init::inverse_sqrt(hidden)},
      weight_hn{this, "weight_hn", {hidden, hidden}, init::inverse_sqrt(hidden)},
      norm_ih{this, "norm_ih", 2 * hidden},
      norm_hh{this, "norm_hh", 2 * hidden},
      norm_ih_n{this, "norm_ih_n", hidden},
      norm_hh_n{this, "norm_hh_n", hidden} {}

LstmState LayerNormResetBeforeGRUCell::step(std::span<const Tensor> parts, LstmState state, Tensor mask) {
  const ModulePath here(path());
  require_state(parts, state, hidden);
  const int H = hidden;
  const Tensor x = product(parts, weight_ih), h = masked(state.hidden, mask);
  const Tensor gates = sigmoid(norm_ih(slice(x, 1, 0, 2 * H)) + norm_hh(linear(h, weight_hh)));
  const Tensor r = gate(gates, 0, H), z = gate(gates, 1, H);
  const Tensor n = tanh(norm_ih_n(gate(x, 2, H)) + norm_hh_n(linear(r * h, weight_hn)));
  return {named("h", state.hidden + z * (n - state.hidden)), {}};
}

}
