/// Lesson 13: hard attention.
///
/// Soft attention mixes all words. Hard attention (Xu et al. 2015, section 4.1) looks at a single one, drawn with the
/// probabilities p = softmax(e). As lesson 5 has shown, the loss l_j of a choice has no gradient by the scores; its
/// expectation has one:
///
///     ∂/∂e Σ_j p_j l_j  =  Σ_j p_j (l_j - b) ∂ log p_j / ∂e       for any number b, since Σ_j ∂p_j/∂e = 0
///
/// The right side is an expectation again: the mean of (l - b) ∂ log p / ∂e over many draws comes near to it, and only
/// the loss of what was drawn needs to be known. That is REINFORCE (Williams 1992): what turned out better than b
/// becomes likelier. b, the baseline, changes nothing in the mean, but makes the estimate less noisy.
///
/// This program is linked to the double build of the library, so that it prints the same digits everywhere.

#include <cmath>
#include <memory>
#include <vector>

#include "autograd/inspect/print.h"
#include "autograd/tape.h"
#include "nn/attention_scopes.h"
#include "nn/attention_scores.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

using namespace gradus;

namespace {

constexpr int kPositions = 4;
const std::vector<Real> kLosses{3, 1, 2, 4};  // what the loss is if attention looks at position j

/// The estimate of the gradient by the scores from so many draws; `drawn_loss` is their loss in the mean.
std::vector<Real> reinforce(const std::vector<Real>& scores, int draws, Real baseline, std::uint64_t seed,
                            double* drawn_loss = nullptr) {
  // The states are the rows of the unit matrix. Then the inner products with the query are the query itself, which so
  // holds the scores, and the context says which position was drawn.
  DotAttention attention(nullptr, "attention");
  attention.scope = std::make_unique<HardScope>();
  Tape tape(Tape::Record, seed);
  Tensor states = constant({1, 4, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  const std::vector<int> same(draws, 0);  // all queries are the same one, about the same sentence
  const KeysValues source = attention.prepare(states, std::vector<int>{kPositions}).select(same);
  Tensor query = variable({1, kPositions}, scores);
  const Attended attended = attention(gather_rows(query, same), source);
  Tensor losses = sum(attended.context * constant({1, kPositions}, kLosses), 1);  // (draws)
  if (drawn_loss != nullptr) *drawn_loss = mean(losses).item();
  // losses - b are plain numbers: no gradient goes through them. It goes through log p of what was drawn.
  tape.backward(mean((losses - baseline) * attended.log_probability));
  return {query.grad().begin(), query.grad().end()};
}

}

int main() {
  const std::vector<Real> scores{1, 0, 0.5, 0};
  fmt::print("1. The gradient of the expected loss by the four scores, and its estimates\n\n");
  Real expected = 0;
  {
    Tape tape;
    Tensor e = variable({kPositions}, scores);
    Tensor loss = sum(softmax(e) * constant({kPositions}, kLosses));
    tape.backward(loss);
    expected = loss.item();
    fmt::print("expected loss {:.3f}\n", expected);
    fmt::print("{:>13}:", "exact");
    for (const Real d : e.grad()) fmt::print("{:7.2f}", d);
  }
  for (const int draws : {10, 1000, 100'000}) {
    fmt::print("\n{:>7} draws:", draws);
    for (const Real d : reinforce(scores, draws, expected, 1)) fmt::print("{:7.2f}", d);
  }

  fmt::print("\n\n2. How far estimates from 10 draws are spread: standard deviation of the first number\n\n");
  for (const Real baseline : {Real(0), expected}) {
    double first = 0, second = 0;
    for (int i = 0; i < 1000; ++i) {
      const double d = reinforce(scores, 10, baseline, 100 + i)[0];
      first += d / 1000, second += d * d / 1000;
    }
    fmt::print("baseline {:.2f}: {:.2f}, in the mean {:.2f}\n", baseline, std::sqrt(second - first * first), first);
  }

  fmt::print("\n3. Learning where to look, from 10 draws a step; the baseline is the mean loss so far\n\n");
  std::vector<Real> e = scores;
  double baseline = kLosses[0];
  for (int step = 0; step <= 60; ++step) {
    if (step % 20 == 0) {
      Tape tape(Tape::Inference);
      print(fmt::format("step {:2}, p", step), softmax(constant({kPositions}, e)));
    }
    double loss = 0;
    const std::vector<Real> de = reinforce(e, 10, static_cast<Real>(baseline), step, &loss);
    for (int j = 0; j < kPositions; ++j) e[j] -= Real(0.5) * de[j];
    baseline += 0.1 * (loss - baseline);
  }
}
