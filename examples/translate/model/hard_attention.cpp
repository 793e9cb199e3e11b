#include "examples/translate/model/hard_attention.h"

#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/sequence/packing.h"

namespace gradus::translate {

namespace {

/// Σ_{u ≥ t} γ^(u - t) (l_u - b) at each row.   -> (rows)
Tensor losses_to_come(const Packing& packing, std::span<const Real> losses, double discount, double baseline) {
  Tensor result = full({packing.rows()}, 0);
  for (int b = 0; b < packing.batch(); ++b) {
    double sum = 0;
    for (int t = packing.length(b) - 1; t >= 0; --t) {
      const int row = packing.row(b, t);
      sum = discount * sum + static_cast<double>(losses[row]) - baseline;
      result.value()[row] = static_cast<Real>(sum);
    }
  }
  return result;
}

}

Tensor hard_attention_term(std::span<const StepOutput> outputs, const Packing& packing, std::span<const Real> losses,
                           const HardAttentionOptions& options) {
  const Tensor log_p = all_steps(outputs, &StepOutput::log_probability);
  const Tensor entropy = all_steps(outputs, &StepOutput::entropy);
  const Tensor to_come = losses_to_come(packing, losses, options.discount, options.baseline);
  const Tensor term =
      sum(to_come * log_p) * Real(options.reinforce_weight) - sum(entropy) * Real(options.entropy_weight);
  return term - constant({}, {term.value().data, 1});
}

double next_baseline(double baseline, double loss) { return 0.9 * baseline + 0.1 * loss; }

}
