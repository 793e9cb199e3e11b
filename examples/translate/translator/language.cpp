#include "examples/translate/translator/language.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/text/subwords.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/text/word_tokenizer.h"
#include "examples/translate/toy/toy.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

constexpr int kDefaultSubwords = 8000;

/// French of the toy language, where words such as l' touch the next one.
class ToyTokenizer : public TextTokenizer {
 public:
  std::vector<std::string> split(std::string_view line) const override { return toy_words(line); }
  std::string join(const std::vector<std::string>& pieces) const override { return toy_display(pieces); }
};

std::shared_ptr<const TextTokenizer> word_tokenizer(const TrainConfig& config, bool is_target) {
  if (config.toy && is_target) return std::make_shared<ToyTokenizer>();
  if (config.tokenizer == TokenizerKind::Words) return std::make_shared<WordTokenizer>();
  return std::make_shared<WhitespaceTokenizer>();
}

Language subword_language(const TrainConfig& config, std::string model, const std::string& path) {
  auto tokenizer = std::make_shared<SubwordTokenizer>(model, path);
  Vocabulary vocabulary = Vocabulary::of(tokenizer->pieces());
  return {std::move(tokenizer), std::move(vocabulary), config.lowercase, std::move(model)};
}

Language learn_subwords(std::vector<std::string> lines, const TrainConfig& config) {
  if (config.lowercase) {
    for (std::string& line : lines) line = lower_case(line);
  }
  const bool default_size = config.vocabulary_size == 0;
  return subword_language(
      config,
      train_subwords(lines, config.tokenizer, default_size ? kDefaultSubwords : config.vocabulary_size, default_size),
      "subwords");
}

Language learn_words(const std::vector<std::string>& lines, const TrainConfig& config, bool is_target) {
  Language language(word_tokenizer(config, is_target), Vocabulary(), config.lowercase);
  WordFrequencies frequencies;
  for (const std::string& line : lines) frequencies.add(language.split(line));
  language.vocabulary =
      frequencies.vocabulary(static_cast<size_t>(config.min_frequency), static_cast<size_t>(config.vocabulary_size));
  if (language.vocabulary.size() == Vocabulary().size()) {
    fail("no word is left with min_frequency {} and vocabulary_size {}; lower the one or raise the other",
         config.min_frequency, config.vocabulary_size);
  }
  return language;
}

/// Errors are those of `name`.
Language learn_language(const char* name, std::vector<std::string> lines, const TrainConfig& config, bool is_target) {
  try {
    return is_subword(config.tokenizer) ? learn_subwords(std::move(lines), config)
                                        : learn_words(lines, config, is_target);
  } catch (const Error& error) {
    fail("{}: {}", name, error.what());
  }
}

Language load_language(const std::string& stem, const TrainConfig& config, bool is_target) {
  if (is_subword(config.tokenizer)) {
    const std::string path = stem + ".model";
    return subword_language(config, read_file(path), path);
  }
  return {word_tokenizer(config, is_target), Vocabulary::load(stem + ".vocab"), config.lowercase};
}

}

Language::Language(Vocabulary vocabulary)
    : Language(std::make_shared<WhitespaceTokenizer>(), std::move(vocabulary), false) {}

Language::Language(std::shared_ptr<const TextTokenizer> tokenizer, Vocabulary vocabulary, bool lowercase,
                   std::string model)
    : tokenizer(std::move(tokenizer)),
      vocabulary(std::move(vocabulary)),
      lowercase(lowercase),
      model(std::move(model)) {}

std::vector<std::string> Language::split(std::string_view line) const {
  return lowercase ? tokenizer->split(lower_case(line)) : tokenizer->split(line);
}

void Language::save(const std::string& stem) const {
  if (model.empty()) {
    vocabulary.save(stem + ".vocab");
  } else {
    write_file_atomically(stem + ".model", model);
  }
}

Languages learn_languages(const ParallelText& train, const TrainConfig& config) {
  if (config.joint) {
    std::vector<std::string> lines = train.source;
    lines.insert(lines.end(), train.target.begin(), train.target.end());
    Language both = learn_language("both languages", std::move(lines), config, false);
    return {both, both};
  }
  return {learn_language("source language", train.source, config, false),
          learn_language("target language", train.target, config, true)};
}

Languages load_languages(const std::string& source_stem, const std::string& target_stem, const TrainConfig& config) {
  return {load_language(source_stem, config, false), load_language(target_stem, config, true)};
}

}
