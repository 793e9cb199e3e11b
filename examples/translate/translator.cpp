#include "examples/translate/translator.h"

#include <algorithm>
#include <numeric>

#include "autograd/tape.h"
#include "examples/translate/ensemble.h"
#include "examples/translate/text.h"
#include "examples/translate/toy.h"

namespace gradus::translate {

namespace {

constexpr int kBatchSize = 64;  // sentences scored side by side

}

Translator::Translator(const TrainConfig& config, Vocabulary source_words, Vocabulary target_words)
    : config(config),
      source(std::move(source_words)),
      target(std::move(target_words)),
      model(config.model(source.size(), target.size()), config.seed) {}

std::string Translator::display(const std::vector<std::string>& words) const {
  return config.toy ? toy_display(words) : join_words(words);
}

std::vector<std::string> Translator::translate(std::span<const std::string> lines, const SearchOptions& options,
                                               ThreadPool& pool) {
  Translator* const model_and_words = this;
  std::vector<std::string> translations;
  for (const Translation& translation : translate_lines({&model_and_words, 1}, lines, 0, options, pool)) {
    translations.push_back(translation.n_best.empty() ? "" : text(translation.n_best.front()));
  }
  return translations;
}

void Translator::freeze() {
  model.eval();
  packed_.emplace(packed_memory_, PackedWeights::kAnyRows);
  for (Parameter* parameter : model.parameters()) packed_->hold(*parameter);
}

double cross_entropy(Seq2Seq& model, std::span<const Pair> pairs, ThreadPool& pool) {
  std::vector<int> order(pairs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return pairs[a].source.size() > pairs[b].source.size(); });

  const size_t batches = (pairs.size() + kBatchSize - 1) / kBatchSize;
  std::vector<double> sums(batches);
  pool.run(static_cast<int>(batches), [&](int i) {
    const size_t begin = static_cast<size_t>(i) * kBatchSize;
    const Batch batch =
        make_batch(pairs, std::span(order).subspan(begin, std::min<size_t>(kBatchSize, pairs.size() - begin)));
    const Tape tape(Tape::Inference);
    sums[i] = static_cast<double>(model.loss(batch, 0, 1).item());
  });
  size_t words = 0;
  for (const Pair& pair : pairs) words += pair.target.size();
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(words);
}

}
