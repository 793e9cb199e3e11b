/// Lesson 5: scores, softmax, weighted sum.
///
/// Attention chooses among things, and it must be possible to learn the choice by gradients. A choice of one thing has
/// no useful gradient: move the scores a little, and mostly nothing changes. So attention takes a mixture of all:
///
///     weights   α_j = exp(e_j) / Σ_k exp(e_k)     softmax: not negative, and their sum is 1
///     context   c   = Σ_j α_j v_j                 a weighted sum: mostly the thing with the largest score
///
/// Both are smooth. This program takes their gradients by hand and by a tape. With dα_j = dc · v_j,
///
///     ∂α_i/∂e_j = α_i (1[i = j] - α_j)      so      de_j = α_j (dα_j - Σ_i α_i dα_i)
///
/// In words: a score is pushed as far as its thing is better or worse than the mixture, times its share in it.

#include <array>
#include <cmath>

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/names.h"
#include "autograd/tape.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

using namespace gradus;

namespace {

constexpr int S = 3, D = 2;  // things to choose from, numbers of each
constexpr std::array<float, S> kScores{2, 1, -1};
constexpr float kValues[S][D] = {{1, 0}, {0, 1}, {-1, -1}};

/// The loss: how far the mixture is from the second thing, squared.
Tensor choose() {
  Tensor scores = named("scores", variable({1, S}, kScores));
  Tensor values = named("values", variable({S, D}, {1, 0, 0, 1, -1, -1}));
  Tensor weights = named("weights", softmax(scores));          // (1, S)
  Tensor context = named("context", matmul(weights, values));  // (1, S) @ (S, D) -> (1, D)
  return named("loss", sum(square(context - constant({1, D}, {0, 1}))));
}

}

int main() {
  fmt::print("1. Softmax by hand\n\n");
  // Only differences of scores count: exp(e - m) / Σ exp(e - m) is the same for every m. With m the largest score no
  // exp is larger than 1, whatever the scores are; exp(100) is no float any more.
  const float m = 2;
  std::array<float, S> alpha{};
  float total = 0;
  for (const float e : kScores) total += std::exp(e - m);
  for (int j = 0; j < S; ++j) alpha[j] = std::exp(kScores[j] - m) / total;
  fmt::print("scores   {}\nweights  {:.3f} {:.3f} {:.3f}\n", "2 1 -1", alpha[0], alpha[1], alpha[2]);
  {
    Tape tape(Tape::Inference);
    print("100 more", softmax(constant({S}, {102, 101, 99})));
    // Scores ten times as large are all but a choice of one; ten times as small, nearly a mean of all.
    print("times 10", softmax(constant({S}, {20, 10, -10})));
    print("times 0.1", softmax(constant({S}, {0.2, 0.1, -0.1})));
  }

  fmt::print("\n2. The weighted sum, and the loss\n\n");
  std::array<float, D> c{};
  for (int j = 0; j < S; ++j)
    for (int d = 0; d < D; ++d) c[d] += alpha[j] * kValues[j][d];
  fmt::print("context  {:.3f} {:.3f}\nloss     {:.3f}\n", c[0], c[1], c[0] * c[0] + (c[1] - 1) * (c[1] - 1));

  fmt::print("\n3. Backward by hand\n\n");
  const std::array<float, D> dc{2 * c[0], 2 * (c[1] - 1)};  // loss = |c - (0, 1)|²
  std::array<float, S> dalpha{};
  float mean = 0;  // Σ α dα: what the mixture as a whole gains
  for (int j = 0; j < S; ++j) {
    for (int d = 0; d < D; ++d) dalpha[j] += dc[d] * kValues[j][d];  // c = Σ α v
    mean += alpha[j] * dalpha[j];
  }
  std::array<float, S> de{};
  for (int j = 0; j < S; ++j) de[j] = alpha[j] * (dalpha[j] - mean);
  fmt::print("dcontext {:.3f} {:.3f}\n", dc[0], dc[1]);
  fmt::print("dweights {:.3f} {:.3f} {:.3f}, in the mean {:.3f}\n", dalpha[0], dalpha[1], dalpha[2], mean);
  fmt::print("dscores  {:.3f} {:.3f} {:.3f}\n", de[0], de[1], de[2]);
  // The second thing is the right one: its score has a negative gradient, and grows as learning goes against it. The
  // scores' gradients add up to 0, since moving all scores together changes nothing.

  fmt::print("\n4. By a tape\n\n");
  {
    Tape tape;
    Tensor scores = variable({1, S}, kScores), values = variable({S, D}, {1, 0, 0, 1, -1, -1});
    Tensor weights = softmax(scores), context = matmul(weights, values);
    tape.backward(sum(square(context - constant({1, D}, {0, 1}))));
    print("weights", weights);
    print("context", context);
    print("dweights", weights.grad());
    print("dscores", scores.grad());
    print("dvalues", values.grad());  // dv_j = α_j dc: who has a larger share learns more
  }

  fmt::print("\n5. Why not simply take the best? No gradient comes from a choice to the scores\n\n");
  {
    Tape tape;
    Tensor scores = variable({1, S}, kScores), values = variable({S, D}, {1, 0, 0, 1, -1, -1});
    Tensor chosen = gather_rows(values, argmax(scores));  // (1, D)
    tape.backward(sum(square(chosen - constant({1, D}, {0, 1}))));
    print("dscores", scores.grad());  // lesson 13 has a way out
  }

  write_player(choose, "softmax.html", {.title = "Scores, softmax, weighted sum"});
  fmt::print("\nsoftmax.html is written: step through softmax and the weighted sum, forward and backward.\n");
}
