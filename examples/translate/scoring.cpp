#include "examples/translate/scoring.h"

#include <algorithm>
#include <numeric>

#include "examples/translate/search.h"
#include "examples/translate/vocabulary.h"

namespace gradus::translate {

namespace {

/// Of the chosen pairs, whose targets are sorted longest first, so that those still alive are the first.
void score_batch(std::span<const Member> members, std::span<const std::vector<int>> targets,
                 std::span<const int> chosen, std::vector<std::vector<double>>& result) {
  StepDecoder decoder(members, chosen);
  std::vector<int> rows(chosen.size());
  std::iota(rows.begin(), rows.end(), 0);
  for (std::size_t t = 0;; ++t) {
    while (!rows.empty() && targets[chosen[rows.back()]].size() <= t) rows.pop_back();
    if (rows.empty()) return;
    decoder.keep(rows);
    std::vector<int> previous;
    for (int row : rows) previous.push_back(t == 0 ? Vocabulary::kBegin : targets[chosen[row]][t - 1]);
    const WordScores scores = decoder.step(rows, previous);
    for (int row : rows) {
      const WordScores::Row& words = scores.row(row);
      result[chosen[row]].push_back(words.log_probability(words.scores[targets[chosen[row]][t]]));
    }
  }
}

}

std::vector<std::vector<double>> score_targets(std::span<const Member> members,
                                               std::span<const std::vector<int>> targets, int batch_size,
                                               ThreadPool& pool) {
  std::vector<int> order(targets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return targets[a].size() > targets[b].size(); });
  std::vector<std::vector<double>> result(targets.size());
  run_batches(members, order, batch_size, pool,
              [&](std::span<const int> batch) { score_batch(members, targets, batch, result); });
  return result;
}

}
