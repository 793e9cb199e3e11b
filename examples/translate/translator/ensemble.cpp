#include "examples/translate/translator/ensemble.h"

#include "autograd/error.h"
#include "examples/translate/translator/model_folder.h"

namespace gradus::translate {

namespace {

/// How the words that two models write differ, number by number; empty if they do not.
std::string vocabulary_difference(const Vocabulary& a, const Vocabulary& b) {
  if (a.size() != b.size()) return fmt::format("they write {} and {} different words", a.size(), b.size());
  for (int i = 0; i < static_cast<int>(a.size()); ++i) {
    if (a.word(i) != b.word(i))
      return fmt::format("target word {} is '{}' in one and '{}' in the other", i, a.word(i), b.word(i));
  }
  return {};
}

/// How the ways differ in which two models split and join the lines of their target; empty if they do not.
std::string tokenizer_difference(const Translator& a, const Translator& b) {
  if (a.config.tokenizer != b.config.tokenizer)
    return fmt::format("their tokenizers are {} and {}", name_of(a.config.tokenizer), name_of(b.config.tokenizer));
  if (a.config.toy != b.config.toy) return "only one of them is of the toy language";
  return a.target.model == b.target.model ? "" : "their models of subwords differ";
}

void require_alike(const Translator& a, const Translator& b, const std::string& a_name, const std::string& b_name) {
  constexpr const char* kRule = "the models of an ensemble must have the same";
  if (const std::string difference = vocabulary_difference(a.target.vocabulary, b.target.vocabulary);
      !difference.empty()) {
    fail("{}, {}: {}; {} target vocabulary", a_name, b_name, difference, kRule);
  }
  if (const std::string difference = tokenizer_difference(a, b); !difference.empty())
    fail("{}, {}: {}; {} tokenizer", a_name, b_name, difference, kRule);
}

}

bool write_alike(const Translator& a, const Translator& b) {
  return vocabulary_difference(a.target.vocabulary, b.target.vocabulary).empty() && tokenizer_difference(a, b).empty();
}

Ensemble::Ensemble(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    owned_.push_back(load_translator(directory));
    models_.push_back(owned_.back().get());
    require_alike(*owned_.front(), *owned_.back(), directories.front(), directory);
  }
}

}
