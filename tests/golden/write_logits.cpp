#include <fmt/format.h>

#include <algorithm>

#include "examples/translate/base/word_ids.h"
#include "examples/translate/translator/model_folder.h"
#include "nn/rng.h"
#include "nn/storage/safetensors.h"

/// Writes what a saved model says of random sentences, for compare_with_torch.py to compare with PyTorch:
///
///     write_logits MODEL_DIR LOGITS_FILE

namespace {

using namespace gradus;
using namespace gradus::translate;

constexpr int kPairs = 16, kLongest = 30;

/// A few words, no special ones, and </s>.
std::vector<int> random_sentence(Rng& rng, int vocabulary) {
  std::vector<int> ids(rng.below(kLongest));
  for (int& id : ids) id = kEnd + 1 + static_cast<int>(rng.below(vocabulary - kEnd - 1));
  ids.push_back(kEnd);
  return ids;
}

/// A tensor of the file, with room for its numbers.
struct Padded {
  Padded(std::string name, Shape shape)
      : name(std::move(name)), shape(std::move(shape)), values(this->shape.size(), Real{kPad}) {}
  NamedArray view() { return {name, {values.data(), shape}}; }

  std::string name;
  Shape shape;
  std::vector<Real> values;
};

void write_logits(const std::string& directory, const std::string& path) {
  const std::unique_ptr<Translator> translator = load_translator(directory);
  const ModelConfig& config = translator->model.config();
  Rng rng(1);
  std::vector<Pair> pairs(kPairs);
  std::vector<int> all;
  for (Pair& pair : pairs) {
    pair = {random_sentence(rng, config.source_words), random_sentence(rng, config.target_words)};
    all.push_back(static_cast<int>(all.size()));
  }
  const Tape tape(Tape::Inference);
  const Batch batch = make_batch(pairs, all);
  const Packing packing(batch.target_lengths);
  const ConstArray packed = translator->model.logits(batch).value();

  Padded source("source", {kPairs, kLongest}), target_input("target_input", {kPairs, kLongest});
  Padded logits("logits", {kPairs, kLongest, config.target_words});
  for (int i = 0; i < kPairs; ++i) {
    const std::vector<int>& words = pairs[batch.pairs[i]].source;
    std::copy(words.begin(), words.end(), &source.values[i * kLongest]);
    for (int t = 0; t < packing.length(i); ++t) {
      const int row = packing.row(i, t), place = i * kLongest + t;
      target_input.values[place] = static_cast<Real>(batch.target_inputs[row]);
      std::copy_n(&packed[std::size_t(row) * packed.cols()], packed.cols(),
                  &logits.values[std::size_t(place) * packed.cols()]);
    }
  }
  write_safetensors(path, std::vector{source.view(), target_input.view(), logits.view()});
}

}

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: write_logits MODEL_DIR LOGITS_FILE\n");
    return 2;
  }
  try {
    write_logits(argv[1], argv[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "write_logits: {}\n", error.what());
    return 1;
  }
}
