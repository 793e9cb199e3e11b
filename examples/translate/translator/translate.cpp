#include "examples/translate/translator/translate.h"

#include <algorithm>
#include <numeric>

#include "autograd/error.h"
#include "autograd/tape.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/machine/shared_work.h"
#include "examples/translate/model/batch.h"
#include "examples/translate/search/scoring.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

/// The models, each with the sentences that it was given.
std::vector<Member> members_of(std::span<Translator* const> models,
                               const std::vector<std::vector<std::vector<int>>>& sources) {
  std::vector<Member> members;
  for (size_t m = 0; m < models.size(); ++m) members.push_back({&models[m]->model, sources[m]});
  return members;
}

/// The options with the length that translations by these models may have.
SearchOptions with_length(SearchOptions options, std::span<Translator* const> models) {
  int learned = 0;
  for (const Translator* model : models) learned = std::max<int>(learned, model->config.max_length);
  options.max_length = options.longest(learned);
  return options;
}

/// How many sentences are translated side by side: the fewer, the wider the search is, for the sake of memory.
int batch_size(const SearchOptions& options) {
  constexpr int kRows = 10 * kDecodingBatch;
  return std::clamp(kRows / (options.sample ? options.n_best : options.beam), 1, kDecodingBatch);
}

}

std::vector<Translation> translate_lines(std::span<Translator* const> models, std::span<const std::string> lines,
                                         std::uint64_t first_line, const SearchOptions& options, ThreadPool& pool) {
  const auto attends = [](const Translator* model) { return model->config.attention.present; };
  if (options.needs_attention() && std::none_of(models.begin(), models.end(), attends))
    fail("translate: no attention to use; the model was trained with --attention none");

  std::vector<Translation> result(lines.size());
  std::vector<std::vector<std::vector<int>>> sources(models.size());
  std::vector<std::uint64_t> numbers;  // of the lines that the sources stand on
  for (size_t i = 0; i < lines.size(); ++i) {
    result[i].source = models[0]->source.split(lines[i]);
    if (result[i].source.empty()) continue;
    numbers.push_back(first_line + i);
    for (size_t m = 0; m < models.size(); ++m) {
      sources[m].push_back(models[m]->source.encode(lines[i]));
      if (options.needs_attention() && sources[m].back().size() != sources[0].back().size())
        fail("line {}: the models of the ensemble split it differently, so that their attentions have no mean",
             first_line + i + 1);
    }
  }
  std::vector<NBest> found =
      search_n_best(members_of(models, sources), numbers, with_length(options, models), batch_size(options), pool);
  for (size_t i = 0; i < found.size(); ++i) result[numbers[i] - first_line].n_best = std::move(found[i]);
  return result;
}

std::vector<std::string> best_translations(std::span<Translator* const> models, std::span<const std::string> lines,
                                           const SearchOptions& options, ThreadPool& pool, Transport& transport) {
  return share_texts(transport, lines.size(), [&](std::size_t begin, std::size_t end) {
    std::vector<std::string> texts;
    for (const Translation& translation :
         translate_lines(models, lines.subspan(begin, end - begin), begin, options, pool)) {
      texts.push_back(translation.n_best.empty() ? "" : models[0]->text(translation.n_best.front()));
    }
    return texts;
  });
}

std::vector<std::string> best_translations(Translator& model, std::span<const std::string> lines,
                                           const SearchOptions& options, ThreadPool& pool, Transport& transport) {
  Translator* const only = &model;
  return best_translations({&only, 1}, lines, options, pool, transport);
}

std::vector<std::vector<double>> score_pairs(std::span<Translator* const> models, const ParallelText& text,
                                             ThreadPool& pool) {
  std::vector<std::vector<int>> targets;
  for (const std::string& line : text.target) targets.push_back(models[0]->target.encode(line));
  std::vector<std::vector<std::vector<int>>> sources(models.size());
  for (size_t m = 0; m < models.size(); ++m) {
    for (const std::string& line : text.source) sources[m].push_back(models[m]->source.encode(line));
  }
  return score_targets(members_of(models, sources), targets, kDecodingBatch, pool);
}

double cross_entropy(Seq2Seq& model, Pairs pairs, ThreadPool& pool, Transport& transport) {
  std::vector<int> order(pairs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return pairs.source(a).size() > pairs.source(b).size(); });

  const size_t batches = (pairs.size() + kDecodingBatch - 1) / kDecodingBatch;
  const auto add_losses = [&](const std::vector<size_t>& own, std::vector<double>& sums) {
    pool.run(static_cast<int>(own.size()), [&](int i) {
      InterruptGuard::give_up_if_raised();
      const size_t begin = own[i] * kDecodingBatch;
      const Batch batch =
          make_batch(pairs, std::span(order).subspan(begin, std::min<size_t>(kDecodingBatch, pairs.size() - begin)));
      const Tape tape(Tape::Inference);
      sums[own[i]] = static_cast<double>(model.loss(batch, {}).item());
    });
  };
  const std::vector<double> sums = share_numbers(transport, batches, add_losses);
  size_t words = 0;
  for (size_t i = 0; i < pairs.size(); ++i) words += pairs.target(i).size();
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(words);
}

double cross_entropy(std::span<Translator* const> models, const ParallelText& text, ThreadPool& pool,
                     Transport& transport) {
  if (models.size() == 1) return cross_entropy(models[0]->model, models[0]->encode(text), pool, transport);
  double sum = 0;
  size_t words = 0;
  for (const std::vector<double>& log_probabilities : score_pairs(models, text, pool)) {
    sum = std::accumulate(log_probabilities.begin(), log_probabilities.end(), sum);
    words += log_probabilities.size();
  }
  return -sum / static_cast<double>(words);
}

}
