#include "examples/translate/translator/translator.h"

#include <algorithm>
#include <numeric>

#include "autograd/tape.h"
#include "examples/translate/translator/ensemble.h"

namespace gradus::translate {

Translator::Translator(const TrainConfig& config, Languages languages)
    : config(config),
      source(std::move(languages.source)),
      target(std::move(languages.target)),
      model(config.model(source.vocabulary.size(), target.vocabulary.size()), config.seed) {}

std::vector<Pair> Translator::encode(const ParallelText& text) const {
  std::vector<Pair> pairs(text.source.size());
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {source.encode(text.source[i]), target.encode(text.target[i])};
  return pairs;
}

std::vector<std::string> Translator::translate(std::span<const std::string> lines, const SearchOptions& options,
                                               ThreadPool& pool) {
  Translator* const model_and_words = this;
  return best_translations({&model_and_words, 1}, lines, options, pool);
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

  const size_t batches = (pairs.size() + kDecodingBatch - 1) / kDecodingBatch;
  std::vector<double> sums(batches);
  pool.run(static_cast<int>(batches), [&](int i) {
    const size_t begin = static_cast<size_t>(i) * kDecodingBatch;
    const Batch batch =
        make_batch(pairs, std::span(order).subspan(begin, std::min<size_t>(kDecodingBatch, pairs.size() - begin)));
    const Tape tape(Tape::Inference);
    sums[i] = static_cast<double>(model.loss(batch, {}).item());
  });
  size_t words = 0;
  for (const Pair& pair : pairs) words += pair.target.size();
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(words);
}

}
