#include "examples/translate/data/corpus.h"

#include <algorithm>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "nn/rng.h"

namespace gradus::translate {

namespace {

ParallelText read_some(const std::vector<std::string>& files) {
  ParallelText text = read_parallel(files.at(0), files.at(1));
  if (text.source.empty())
    fail("{}, {}: no sentence pair to use; {} have an empty side", files[0], files[1], text.skipped);
  return text;
}

}

ToyCorpus toy_corpus() { return make_toy_corpus(1); }

ParallelText toy_text(const std::vector<ToyPair>& split, const TextTokenizer& french) {
  ParallelText text;
  for (const ToyPair& pair : split) {
    text.source.push_back(join_words(pair.source));
    text.target.push_back(french.join(pair.target));
    text.lines.push_back(text.lines.size() + 1);
  }
  return text;
}

CorpusText load_text(const TrainConfig& config) {
  if (config.toy) {
    const ToyCorpus toy = toy_corpus();
    return {toy_text(toy.train), toy_text(toy.valid)};
  }
  return {read_some(config.train), read_some(config.valid)};
}

Corpus encode_corpus(CorpusText text, const Languages& languages, const TrainConfig& config) {
  Corpus corpus;
  corpus.train = languages.encode(text.train);
  corpus.valid = languages.encode(text.valid);
  const auto longest = static_cast<size_t>(config.max_length) + 1;  // </s> is at each end
  corpus.too_long = std::erase_if(
      corpus.train, [&](const Pair& pair) { return std::max(pair.source.size(), pair.target.size()) > longest; });
  if (corpus.train.empty()) {
    fail("{}: no sentence pair to use; {} have more than {} {}s on a side; raise --max-length",
         config.toy ? "the toy language" : fmt::format("{}, {}", config.train.at(0), config.train.at(1)),
         corpus.too_long, config.max_length, unit_of(config.tokenizer));
  }
  corpus.empty = text.train.skipped + text.valid.skipped;
  corpus.valid_text = std::move(text.valid);
  return corpus;
}

std::uint64_t fingerprint(const std::vector<Pair>& train, const std::vector<Pair>& valid) {
  std::uint64_t hash = 0;
  for (const std::vector<Pair>* split : {&train, &valid}) {
    for (const Pair& pair : *split) {
      for (const std::vector<int>* side : {&pair.source, &pair.target}) {
        for (const int word : *side) hash = derive_seed(hash, static_cast<std::uint64_t>(word));
      }
    }
  }
  return hash;
}

}
