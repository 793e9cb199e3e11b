#pragma once

#include <span>
#include <vector>

#include "examples/translate/model.h"
#include "ops/thread_pool.h"

namespace gradus::translate {

struct SearchOptions {
  int beam = 5;             ///< hypotheses kept per sentence; 1 is greedy search
  int max_length = 100;     ///< words, </s> included; what has not ended by then is cut there
  double length_power = 1;  ///< hypotheses are compared by log P(y | x) / |y|^length_power (Wu et al. 2016, simplified)
  bool attention = false;   ///< whether to keep the attention weights
};

struct Hypothesis {
  std::vector<int> words;       ///< without </s>
  double log_probability = 0;   ///< log P(words, </s> | source)
  double score = 0;             ///< what hypotheses were compared by
  std::vector<Real> attention;  ///< (words + 1, S) row-major, </s> last; empty unless asked for
};

/// The best translation of each source of the batch, in the batch's order. The model must be in evaluation mode.
std::vector<Hypothesis> search(Seq2Seq& model, const Batch& batch, const SearchOptions& options);

/// The same for any number of sources, in their order: sorted by length into batches, which run side by side. If one
/// batch holds all, the threads share its products instead.
std::vector<Hypothesis> search_all(Seq2Seq& model, std::span<const std::vector<int>> sources,
                                   const SearchOptions& options, int batch_size, ThreadPool& pool);

}
