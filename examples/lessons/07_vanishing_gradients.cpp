/// Lesson 7: vanishing gradients.
///
/// What does a loss at the end of a sequence teach the steps at its beginning? Backward, the gradient goes through all
/// steps between, and each multiplies it by its derivative (Hochreiter 1991; Bengio et al. 1994):
///
///     plain RNN   h' = tanh(W_ih x + W_hh h + b)     dh = W_hhᵀ (dh' ∘ (1 - h'²))
///     LSTM        c' = f ∘ c + i ∘ g                 dc = dc' ∘ f + …
///     attention   context = Σ_s α_s h_s              dh_s = α_s dcontext + …
///
/// A plain RNN multiplies by the same matrix each time; an LSTM by its forget gate, which can learn to be near 1; and
/// attention has a short cut to each step, which goes through no other. (f, i and g are those of lesson 6.)
///
/// This program is linked to the double build of the library, so that a training prints the same digits everywhere.

#include <fmt/core.h>

#include <cmath>
#include <vector>

#include "autograd/inspect/player.h"
#include "autograd/names.h"
#include "nn/attention_scores.h"
#include "nn/optim/optimizer.h"
#include "nn/recurrent.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/unfused.h"
#include "ops/layout.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

constexpr int kSteps = 30, kInputs = 5, kSize = 16;
constexpr Real kForget = 3;  // a forget gate of σ(3) = 0.95

/// Sets the bias of the forget gates, rows H to 2H of PyTorch's order i f g o; PyTorch begins with a bias around 0.
void set_forget_bias(RecurrentWeights& weights) {
  for (int i = kSize; i < 2 * kSize; ++i) weights.bias_ih->value()[i] = kForget;
}

double square_norm(const Tensor& x) {
  double sum = 0;
  if (x && x.node().grad != nullptr)  // else it has no part in the loss
    for (const Real d : x.grad()) sum += d * d;
  return sum;
}

/// ‖d loss / d state‖ of each step, where a state is h, and of an LSTM h and c together. The loss is the sum of the
/// last hidden state, or of what attention finds when it asks with that.
std::vector<double> gradients(RecurrentCell& cell, bool attends = false) {
  DotAttention attention(nullptr, "attention");
  Rng rng(1);
  Tape tape;
  LstmState state{full({1, kSize}, 0), full({1, kSize}, 0)};
  std::vector<Tensor> hidden, cells;
  for (int s = 0; s < kSteps; ++s) {
    std::vector<Real> numbers(kInputs);
    for (Real& x : numbers) x = static_cast<Real>(rng.normal());
    Tensor x = constant({1, kInputs}, numbers);
    state = cell.step({&x, 1}, state);
    hidden.push_back(state.hidden);
    cells.push_back(state.cell);
  }
  Tensor end = state.hidden;
  if (attends) end = attention(end, attention.prepare(stack({concat(hidden, 0)}), std::vector<int>{kSteps})).context;
  tape.backward(sum(end));
  std::vector<double> norms;
  for (int s = 0; s < kSteps; ++s) norms.push_back(std::sqrt(square_norm(hidden[s]) + square_norm(cells[s])));
  return norms;
}

/// Is told one of four symbols at step 1, then 29 steps of noise, and is asked for the symbol.
template <class Sequence>
struct Rememberer : Module {
  explicit Rememberer(bool attends = false) : attends(attends) {}

  Tensor loss(Rng& rng, int batch) {
    const Packing packing(std::vector<int>(batch, kSteps));
    std::vector<Real> x(packing.rows() * kInputs);
    std::vector<int> symbols;
    for (int row = 0; row < packing.rows(); ++row) {
      for (int i = 0; i < 4; ++i) x[row * kInputs + i] = static_cast<Real>(rng.uniform(-0.5, 0.5));
      if (row >= batch) continue;
      symbols.push_back(static_cast<int>(rng.below(4)));
      x[row * kInputs + symbols.back()] = 1;
      x[row * kInputs + 4] = 1;  // this is the one to remember
    }
    const auto out = sequence.sequence(constant({packing.rows(), kInputs}, x), packing);
    Tensor end = out.final[0].hidden;
    if (attends) end = attention(end, attention.prepare(out.output, packing)).context;
    return cross_entropy(output(end), symbols);
  }

  bool attends;
  Sequence sequence{this, "sequence", kInputs, kSize};
  GeneralAttention attention{this, "attention", kSize, kSize};
  Linear output{this, "output", kSize, 4};
};

/// Trains, and says whether the loss of the last 50 steps is less than half of that of guessing.
template <class Sequence>
const char* train(Rememberer<Sequence>& model) {
  Adam adam(model.parameters(), {.learning_rate = 0.003});
  Rng rng(1);
  double late = 0;
  for (int step = 0; step < 300; ++step) {
    Tape tape;
    Tensor loss = model.loss(rng, 16);
    tape.backward(loss);
    adam.step({.grad_scale = clip_factor(grad_norm(model.parameters()), 1), .zero_grads = true});
    if (step >= 250) late += loss.item() / 50;
  }
  return late < std::log(4) / 2 ? "learned" : "not learned";
}

}

int main() {
  fmt::print("1. A number multiplied by w thirty times\n\n");
  for (const double w : {0.5, 0.9, 1.0, 1.1, 1.5}) fmt::print("w = {:.1f}: {:8.2g}\n", w, std::pow(w, kSteps));

  fmt::print("\n2. What the last of 30 steps teaches step s: norms of gradients\n\n");
  // The plain RNN, and one with weights three times as large; the LSTM as PyTorch begins it, and one whose forget gates
  // begin open; attention over the states of the plain RNN.
  RNNCell rnn(nullptr, "rnn", kInputs, kSize), larger(nullptr, "rnn", kInputs, kSize);
  for (Real& w : larger.weights.weight_hh.value()) w *= 3;
  LSTMCell lstm(nullptr, "lstm", kInputs, kSize), keeping(nullptr, "lstm", kInputs, kSize);
  set_forget_bias(keeping.weights);
  const std::vector<double> columns[] = {gradients(rnn), gradients(larger), gradients(lstm), gradients(keeping),
                                         gradients(rnn, true)};
  fmt::print("  s{:>14}{:>14}{:>14}{:>14}{:>14}\n", "plain RNN", "3 W_hh", "LSTM", "LSTM, bias 3", "attention");
  for (const int s : {30, 29, 28, 25, 20, 15, 10, 5, 1}) {
    fmt::print("{:3}", s);
    for (const auto& column : columns) fmt::print("{:14.0e}", column[s - 1]);
    fmt::print("\n");
  }

  // Where the factors are commonly below 1, what was 30 steps ago learns nothing. Where they are above, the gradient
  // explodes, and is clipped (`clip_factor`); here tanh, whose slope is at most 1, still keeps it in bounds. The LSTM
  // whose forget gates begin at σ(0) = 1/2 forgets, too: the road is there only while the gates are open.

  fmt::print("\n3. Can it be learned? The symbol of step 1, asked for after step 30, in 300 steps of training\n\n");
  {
    Rememberer<RNN> plain, attends(true);
    Rememberer<LSTM> long_term, keeps;
    set_forget_bias(keeps.sequence.weights(0, false));
    fmt::print("plain RNN           {}\n", train(plain));
    fmt::print("LSTM                {}\n", train(long_term));
    fmt::print("LSTM, bias 3        {}\n", train(keeps));
    fmt::print("RNN with attention  {}\n", train(attends));
  }

  // Three steps of an LSTM of two units, its gates one by one: follow the gradient from cell to cell.
  LSTMCell small(nullptr, "lstm", 1, 2);
  const auto three_steps = [&] {
    const Unfused unfused;  // basic ops instead of the fused cell that training uses
    LstmState state{variable({1, 2}, {0, 0}), variable({1, 2}, {0, 0})};
    for (const Real x : {1, -1, 0}) state = small(constant({1, 1}, {x}), state);
    return sum(state.hidden);
  };
  write_player(three_steps, "lstm.html", {.title = "Three steps of an LSTM"});
  fmt::print("\nlstm.html is written: the gates of three steps, forward and backward.\n");
}
