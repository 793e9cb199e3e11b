#include "tests/bench/bench_data.h"

#include <malloc.h>

#include <chrono>

#include "examples/translate/text/text.h"
#include "examples/translate/text/tokenizer.h"
#include "examples/translate/text/vocabulary.h"

namespace gradus::bench {

using namespace gradus::translate;

namespace {

/// One side of the corpus as word numbers, and the size of its vocabulary. The text itself is not kept.
std::vector<std::vector<int>> read_ids(const std::string& path, int& vocabulary_size) {
  std::vector<std::vector<std::string>> sentences;
  WordFrequencies frequencies;
  for (const std::string& line : read_lines(path)) {
    sentences.push_back(WhitespaceTokenizer().split(line));
    frequencies.add(sentences.back());
  }
  const Vocabulary vocabulary = frequencies.vocabulary(2);
  vocabulary_size = static_cast<int>(vocabulary.size());
  std::vector<std::vector<int>> ids;
  for (const auto& sentence : sentences) ids.push_back(vocabulary.encode(sentence));
  return ids;
}

}

Data read_data(const std::string& folder) {
  Data data;
  std::vector<std::vector<int>> sources = read_ids(folder + "/train.de", data.source_words);
  std::vector<std::vector<int>> targets = read_ids(folder + "/train.en", data.target_words);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    data.pairs.push_back({std::move(sources[i]), std::move(targets[i])});
  }
  data.batches = deal_batches(data.pairs, {.pairs = 64}, 1);
  malloc_trim(0);  // what the text took goes back to the system, so that the peak tells the memory of a step
  return data;
}

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}
