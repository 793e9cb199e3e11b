#include "tests/program/trained_toy.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "examples/translate/base/join_words.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

/// Gives every cat, dog and boy a name, the same in both languages and different from all others.
ParallelText with_names(const std::vector<ToyPair>& pairs, const std::string& prefix) {
  const std::pair<const char*, const char*> called[] = {{"cat", "chat"}, {"dog", "chien"}, {"boy", "garçon"}};
  ParallelText result = toy_text(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    ToyPair pair = pairs[i];
    for (const auto& [english, french] : called) {
      const std::string name = fmt::format("{}{}{}", prefix, english, i);
      std::ranges::replace(pair.source, std::string(english), name);
      std::ranges::replace(pair.target, std::string(french), name);
    }
    result.source[i] = join_words(pair.source);
    result.target[i] = join_words(pair.target);
  }
  return result;
}

const TemporaryFolder& text_folder() {
  static const TemporaryFolder folder;
  return folder;
}

std::vector<std::string> write_pairs(const std::string& name, const ParallelText& text) {
  const std::vector<std::string> files = {text_folder().file(name + ".en"), text_folder().file(name + ".fr")};
  const auto lines = [](const std::vector<std::string>& all) {
    std::string result;
    for (const std::string& line : all) result += line + '\n';
    return result;
  };
  write_file_atomically(files[0], lines(text.source));
  write_file_atomically(files[1], lines(text.target));
  return files;
}

constexpr ToySizes kSizes{.train = 4500, .valid = 50, .test = 2000, .test_long = 0};

const ToyCorpus& corpus() {
  static const ToyCorpus corpus = make_toy_corpus(1, kSizes);
  return corpus;
}

}

TrainConfig trained_toy_config() {
  static const std::vector<std::string> train = write_pairs("train", with_names(corpus().train, "t")),
                                        valid = write_pairs("valid", with_names(corpus().valid, "v"));
  TrainConfig config = TrainConfig::toy_preset();
  config.toy = false;
  config.train = train;
  config.valid = valid;
  config.tokenizer = TokenizerKind::Whitespace;
  config.min_frequency = 2;
  config.epochs = 4;
  config.threads = 1;
  return config;
}

TrainedToy::TrainedToy() : a(folder.file("a")), b(folder.file("b")), dictionary(folder.file("names.tsv")) {
  TrainConfig config = trained_toy_config();
  for (const std::string& model : {a, b}) {
    config.keep_epochs = model == a ? 3 : 0;
    const TrainingRun run(config);
    std::filesystem::copy(run.folder.path(), model);
    config.seed = config.seed + 1;
  }
  const ParallelText all = with_names(corpus().test, "n");
  std::set<std::string> called;
  for (std::size_t i = 0; i < all.source.size(); ++i) {
    const std::size_t known = called.size();
    for (const std::string_view word : split_words(all.source[i])) {
      if (word.find_first_of("0123456789") != std::string_view::npos) called.emplace(word);
    }
    ParallelText& text = called.size() > known ? names : test;
    text.source.push_back(all.source[i]);
    text.target.push_back(all.target[i]);
    const std::vector<Link>& links = corpus().test[i].alignment;
    if (&text == &test) alignments.push_back({links, links});
  }
  std::string entries;
  for (const std::string& name : called) entries += fmt::format("{0}	Monsieur {0}\n", name);
  write_file_atomically(dictionary, entries);
}

const TrainedToy& trained_toy() {
  static const TrainedToy toy;
  return toy;
}

}
