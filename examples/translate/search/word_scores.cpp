#include "examples/translate/search/word_scores.h"

#include "autograd/tape.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"

namespace gradus::translate {

namespace {

/// log(1/M Σ_m softmax(scores_m)) of one row.
const Real* mean_log_probabilities(std::span<const Array> scores, int row) {
  const std::size_t words = scores[0].cols();
  Real* const mean = Tape::active().arena().allocate(words);
  Real* const one = Tape::active().arena().allocate(words);
  kernels::fill(0, mean, words);
  for (const Array& model : scores) {
    kernels::softmax_row(model.row(row), one, words);
    kernels::axpy(Real(1) / static_cast<Real>(scores.size()), one, mean, words);
  }
  kernels::log(mean, mean, words);
  return mean;
}

}

WordScores::WordScores(std::span<const Array> scores) : words_(scores[0].cols()) {
  for (int i = 0; i < scores[0].rows(); ++i) {
    if (scores.size() > 1) {
      add_row(mean_log_probabilities(scores, i), true);
    } else {
      add_row(scores[0].row(i), false);
    }
  }
}

void WordScores::add_row(const Real* scores, bool normalised) {
  const std::size_t blocks = (words_ + kBlock - 1) / kBlock;
  Real* const maxima = Tape::active().arena().allocate(blocks);
  kernels::block_max(scores, words_, kBlock, maxima);
  const Real log_sum = normalised ? 0 : kernels::log_sum_exp(scores, words_, kernels::max(maxima, blocks));
  rows_.push_back({scores, maxima, log_sum});
}

}
