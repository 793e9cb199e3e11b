/// Lesson 12: local attention.
///
/// Lessons 9 to 11 attend to all words, even of a long text where only a few can matter. Local attention (Luong et al.
/// 2015, section 3.2) looks at the words from p_t - D to p_t + D. With local-m p_t is t, as if both languages had the
/// same order of words. With local-p the query predicts it, and a Gaussian around it lets the prediction learn:
///
///     p_t    = S · sigmoid(v_pᵀ tanh(W_p h_t))                               (eq. 9)
///     a_t(s) = softmax(scores)_s · exp(-(s - p_t)² / (2σ²))     σ = D/2      (eq. 10)
///
/// The window alone could not teach p_t anything: moved a little, it mostly holds the same words.

#include <fmt/core.h>

#include <cmath>
#include <memory>
#include <vector>

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/names.h"
#include "autograd/tape.h"
#include "nn/attention_scopes.h"
#include "nn/attention_scores.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

using namespace gradus;

int main() {
  constexpr int S = 8, D = 2;
  constexpr float sigma = D / 2.0f;
  const std::vector<int> lengths{S};
  DotAttention attention(nullptr, "attention"), monotonic(nullptr, "monotonic");
  attention.scope = std::make_unique<LocalPredictive>(&attention, 2, D);
  monotonic.scope = std::make_unique<LocalMonotonic>(D);
  auto& scope = static_cast<LocalPredictive&>(*attention.scope);
  scope.inner.weight.initialize(1, init::constant(0.5));   // W_p: (2, 2)
  scope.centre.weight.initialize(1, init::constant(0.4));  // v_pᵀ: (1, 2)

  Tape tape;
  Tensor query = constant({1, 2}, {1, 0.5});
  std::vector<Real> numbers;
  for (int s = 0; s < S; ++s) numbers.insert(numbers.end(), {std::sin(Real(s)), std::cos(Real(s))});
  const KeysValues source = attention.prepare(constant({1, S, 2}, numbers), lengths);

  fmt::print("1. Local-p: where the query wants to look\n\n");
  const float inner = std::tanh(0.5f * 1 + 0.5f * 0.5f);  // both rows of W_p are the same
  const float p = S / (1 + std::exp(-(0.4f * inner + 0.4f * inner)));
  fmt::print("by hand    p = {:.3f}\n", p);
  fmt::print("the scope  p = {:.3f}\n\n", scope.positions(query, source).item());

  const Attended attended = attention(query, source);
  const ConstArray weights = attended.weights.value();
  Tensor scores = attention.scores(query, source);
  // The softmax is that of the window, p - D to p + D; other words get nothing.
  float total = 0, sum = 0;
  for (int s = 0; s < S; ++s) total += std::abs(s - p) <= D ? std::exp(scores.value()[s]) : 0;
  fmt::print("  s  softmax  Gaussian  by hand  the scope\n");
  for (int s = 0; s < S; ++s) {
    const float softmax = std::abs(s - p) <= D ? std::exp(scores.value()[s]) / total : 0;
    const float gaussian = std::exp(-(s - p) * (s - p) / (2 * sigma * sigma));
    fmt::print("{:3}{:9.3f}{:10.3f}{:9.3f}{:11.3f}\n", s, softmax, gaussian, softmax * gaussian, weights[s]);
    sum += weights[s];
  }
  fmt::print("The weights add up to {:.3f}: as in the paper, they are not normalised again.\n", sum);

  // A loss that wants more of word 6: minus its weight. The gradient reaches v_p by way of the Gaussian.
  tape.backward(-slice(reshape(attended.weights, {S}), 0, 6, 7));
  print("dv_p", scope.centre.weight.grad());
  fmt::print("Learning goes against it: v_p grows, and with it p, towards word 6.\n");

  fmt::print("\n2. Local-m: word 3 looks at words 1 to 5, and nothing is learned about where\n\n");
  print("weights", monotonic(query, source, {.position = 3, .coverage = {}}).weights);

  const auto local_p = [&] {
    Tensor h = named("h", variable({1, 2}, {1, 0.5}));
    const Attended result = attention(h, attention.prepare(named("states", variable({1, S, 2}, numbers)), lengths));
    return named("loss", -slice(reshape(named("weights", result.weights), {S}), 0, 6, 7));
  };
  write_player(local_p, "local.html", {.title = "Local attention: where to look is learned, too"});
  fmt::print("\nlocal.html is written: local-p, forward and backward.\n");
}
