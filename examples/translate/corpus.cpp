#include "examples/translate/corpus.h"

#include <algorithm>
#include <limits>

#include "autograd/error.h"
#include "examples/translate/text.h"
#include "examples/translate/unicode.h"

namespace gradus::translate {

namespace {

constexpr size_t kAnyLength = std::numeric_limits<size_t>::max();

WordPairs read_pairs(const std::vector<std::string>& files, const TrainConfig& config, size_t max_length) {
  const ParallelText text = read_parallel(files.at(0), files.at(1));
  WordPairs pairs;
  pairs.empty = text.skipped;
  for (size_t i = 0; i < text.source.size(); ++i) {
    std::vector<std::string> source = words_of(text.source[i], config), target = words_of(text.target[i], config);
    if (std::max(source.size(), target.size()) > max_length) {
      ++pairs.too_long;
      continue;
    }
    pairs.source.push_back(std::move(source));
    pairs.target.push_back(std::move(target));
  }
  if (pairs.size() == 0) {
    fail("{}, {}: no sentence pair to use; {} have an empty side, {} have more than {} words", files[0], files[1],
         pairs.empty, pairs.too_long, max_length);
  }
  return pairs;
}

}

std::vector<std::string> words_of(std::string_view line, const TrainConfig& config) {
  const std::string text = config.lowercase ? lower_case(line) : std::string(line);
  const std::vector<std::string_view> words = split_words(text);
  return {words.begin(), words.end()};
}

std::vector<Pair> WordPairs::encode(const Vocabulary& source_words, const Vocabulary& target_words) const {
  std::vector<Pair> pairs(size());
  for (size_t i = 0; i < size(); ++i) pairs[i] = {source_words.encode(source[i]), target_words.encode(target[i])};
  return pairs;
}

WordPairs toy_pairs(const std::vector<ToyPair>& split) {
  WordPairs pairs;
  for (const ToyPair& pair : split) {
    pairs.source.push_back(pair.source);
    pairs.target.push_back(pair.target);
  }
  return pairs;
}

ToyCorpus toy_corpus() { return make_toy_corpus(1); }

Corpus load_corpus(const TrainConfig& config) {
  if (config.toy) {
    const ToyCorpus toy = toy_corpus();
    return {toy_pairs(toy.train), toy_pairs(toy.valid)};
  }
  return {read_pairs(config.train, config, static_cast<size_t>(config.max_length)), load_pairs(config.valid, config)};
}

WordPairs load_pairs(const std::vector<std::string>& files, const TrainConfig& config) {
  return read_pairs(files, config, kAnyLength);
}

}
