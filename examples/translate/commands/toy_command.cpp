#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/text/word_weights.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

constexpr const char* kToyExamples =
    R"(Writes the text of `gradus train --toy` to files: train, valid, test, and test_long with sentences longer than any other.
NAME.en and NAME.fr have a sentence a line, as a model of that training reads and writes it; NAME.align has the true
alignment of each pair, `0-0 1-2`: word 0 with word 0, English word 1 with French word 2. Words stand between white
space: "the man" is 0-0 1-0 with "l'homme".

Examples:
  gradus toy text
  gradus train --model m --train text/train.en text/train.fr \
      --valid text/valid.en text/valid.fr
  gradus evaluate --model m --test text/test.en text/test.fr
)";

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  write_file_atomically(path, text);
}

/// The links of a pair to French words between white space, of which an elided one makes a single word with the next.
std::vector<Link> links_between_words(const ToyPair& pair) {
  const std::vector<int> words = words_of_pieces(ElisionTokenizer(), pair.target);
  std::vector<Link> links;
  for (const auto& [source, target] : pair.alignment) links.push_back({source, words[static_cast<size_t>(target)]});
  std::ranges::sort(links);
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

void write_split(const std::string& stem, const std::vector<ToyPair>& split) {
  const ParallelText text = toy_text(split);
  std::vector<std::string> alignments;
  for (const ToyPair& pair : split) alignments.push_back(pharaoh(links_between_words(pair)));
  write_lines(stem + ".en", text.source);
  write_lines(stem + ".fr", text.target);
  write_lines(stem + ".align", alignments);
}

struct ToyArguments {
  std::string folder;
  bool force = false;
};

int run(const ToyArguments& options) {
  const std::string& folder = options.folder;
  make_empty_folder("toy", folder, options.force);
  const ToyCorpus toy = toy_corpus();
  write_split(folder + "/train", toy.train);
  write_split(folder + "/valid", toy.valid);
  write_split(folder + "/test", toy.test);
  write_split(folder + "/test_long", toy.test_long);
  write_output(
      fmt::format("{} holds the toy language: {} pairs to train on, {} to validate, {} and {} long ones to test\n",
                  folder, toy.train.size(), toy.valid.size(), toy.test.size(), toy.test_long.size()));
  return 0;
}

}

Command toy_command() {
  const auto options = std::make_shared<ToyArguments>();
  return {.name = "toy",
          .help = "Write the toy language to files, with its alignments",
          .group = "Train and translate",
          .footer = kToyExamples,
          .options = empty_folder_options(options->folder, options->force),
          .run = [options] { return run(*options); }};
}

}
