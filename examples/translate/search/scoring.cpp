#include "examples/translate/search/scoring.h"

#include <algorithm>
#include <numeric>

#include "examples/translate/base/word_ids.h"
#include "examples/translate/search/search.h"

namespace gradus::translate {

namespace {

/// What a step predicted for a target: the word number `t` of targets[pair], from row `row`.
struct ForcedStep {
  const StepDecoder& decoder;
  const WordScores& scores;
  int row, pair;
  std::size_t t;
};

using Visit = FunctionRef<void(const ForcedStep&)>;

/// Forces the targets of the chosen pairs, which are sorted longest first, so that those still alive are the first.
void force_batch(std::span<const Member> members, std::span<const std::vector<int>> targets,
                 std::span<const int> chosen, Visit visit) {
  StepDecoder decoder(members, chosen);
  std::vector<int> rows(chosen.size());
  std::iota(rows.begin(), rows.end(), 0);
  for (std::size_t t = 0;; ++t) {
    while (!rows.empty() && targets[chosen[rows.back()]].size() <= t) rows.pop_back();
    if (rows.empty()) return;
    decoder.keep(rows);
    std::vector<int> previous;
    for (int row : rows) previous.push_back(t == 0 ? kBegin : targets[chosen[row]][t - 1]);
    const WordScores scores = decoder.step(rows, previous);
    for (int row : rows) visit({decoder, scores, row, chosen[row], t});
  }
}

/// Visits all steps of all targets; those of one target in their order, by one thread.
void force(std::span<const Member> members, std::span<const std::vector<int>> targets, int batch_size, ThreadPool& pool,
           Visit visit) {
  std::vector<int> order(targets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return targets[a].size() > targets[b].size(); });
  run_batches(members, order, batch_size, pool,
              [&](std::span<const int> batch) { force_batch(members, targets, batch, visit); });
}

}

std::vector<std::vector<double>> score_targets(std::span<const Member> members,
                                               std::span<const std::vector<int>> targets, int batch_size,
                                               ThreadPool& pool) {
  std::vector<std::vector<double>> result(targets.size());
  force(members, targets, batch_size, pool, [&](const ForcedStep& step) {
    const WordScores::Row& words = step.scores.row(step.row);
    result[step.pair].push_back(words.log_probability(words.scores[targets[step.pair][step.t]]));
  });
  return result;
}

std::vector<std::vector<Real>> attend_targets(std::span<const Member> members,
                                              std::span<const std::vector<int>> targets, int batch_size,
                                              ThreadPool& pool) {
  std::vector<std::vector<Real>> result(targets.size());
  force(members, targets, batch_size, pool,
        [&](const ForcedStep& step) { step.decoder.append_attention(step.row, step.row, result[step.pair]); });
  return result;
}

}
