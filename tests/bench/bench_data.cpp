#include "tests/bench/bench_data.h"

#include <chrono>

#include "examples/translate/corpus.h"
#include "examples/translate/text.h"

namespace gradus::bench {

using namespace gradus::translate;

namespace {

std::vector<std::vector<std::string>> read_words(const std::string& path) {
  std::vector<std::vector<std::string>> sentences;
  for (const std::string& line : read_lines(path)) sentences.push_back(words_of(line, TrainConfig()));
  return sentences;
}

}

Data read_data(const std::string& folder) {
  const auto sources = read_words(folder + "/train.de"), targets = read_words(folder + "/train.en");
  const Vocabulary source_words = Vocabulary::build(sources, 2), target_words = Vocabulary::build(targets, 2);
  Data data{static_cast<int>(source_words.size()), static_cast<int>(target_words.size()), {}, {}};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    data.pairs.push_back({source_words.encode(sources[i]), target_words.encode(targets[i])});
  }
  data.batches = deal_batches(data.pairs, 64, 1);
  return data;
}

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}
