#include "examples/translate/text/language.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/text/elision.h"
#include "examples/translate/text/subwords.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/text/word_tokenizer.h"
#include "nn/rng.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/regular_file.h"

namespace gradus::translate {

namespace {

constexpr int kDefaultSubwords = 8000;

std::shared_ptr<const TextTokenizer> word_tokenizer(const LanguageOptions& options, bool is_target) {
  if (options.target_elides && is_target) return std::make_shared<ElisionTokenizer>();
  if (options.tokenizer == TokenizerKind::Words) return std::make_shared<WordTokenizer>();
  return std::make_shared<WhitespaceTokenizer>();
}

Language subword_language(const LanguageOptions& options, std::string model, const std::string& path) {
  auto tokenizer = std::make_shared<SubwordTokenizer>(model, path);
  Vocabulary vocabulary = Vocabulary::of(tokenizer->pieces());
  return {std::move(tokenizer), std::move(vocabulary), options.lowercase, std::move(model)};
}

/// The lines of one side of a text, or those of the source and then those of the target.
class Lines {
 public:
  Lines(const TextStream& text, bool source, bool target) : text_(text), source_(source), target_(target) {}

  template <class Visit>
  void for_each(const Visit& visit) const {
    if (source_) text_.for_each([&](std::string_view line, std::string_view, size_t) { visit(line); });
    if (target_) text_.for_each([&](std::string_view, std::string_view line, size_t) { visit(line); });
  }
  size_t size() const { return text_.size() * (source_ && target_ ? 2 : 1); }

 private:
  const TextStream& text_;
  bool source_, target_;
};

/// All lines, or as many as subwords are learned from, in their order: each with the probability that completes the
/// sample (Knuth, "The Art of Computer Programming", volume 2, 3.4.2, algorithm S).
std::vector<std::string> sample(const Lines& all) {
  Rng random(1);
  std::vector<std::string> lines;
  size_t left = all.size(), wanted = std::min(left, kSubwordLines);
  lines.reserve(wanted);
  all.for_each([&](std::string_view line) {
    if (random.below(left--) >= wanted) return;
    lines.emplace_back(line);
    --wanted;
  });
  return lines;
}

Language learn_subwords(const Lines& all, const LanguageOptions& options) {
  std::vector<std::string> lines = sample(all);
  if (options.lowercase) {
    for (std::string& line : lines) line = lower_case(line);
  }
  const int size = options.vocabulary_size == 0 ? kDefaultSubwords : options.vocabulary_size;
  return subword_language(options, train_subwords(lines, options.tokenizer, size), "subwords");
}

Language learn_words(const Lines& lines, const LanguageOptions& options, bool is_target) {
  Language language(word_tokenizer(options, is_target), Vocabulary(), options.lowercase);
  WordFrequencies frequencies;
  lines.for_each([&](std::string_view line) { frequencies.add(language.split(line)); });
  language.vocabulary =
      frequencies.vocabulary(static_cast<size_t>(options.min_frequency), static_cast<size_t>(options.vocabulary_size));
  if (language.vocabulary.size() == Vocabulary().size()) {
    fail("no word is left with min_frequency {} and vocabulary_size {}; lower the one or raise the other",
         options.min_frequency, options.vocabulary_size);
  }
  return language;
}

/// Errors are those of `name`.
Language learn_language(const char* name, const Lines& lines, const LanguageOptions& options, bool is_target) {
  try {
    return is_subword(options.tokenizer) ? learn_subwords(lines, options) : learn_words(lines, options, is_target);
  } catch (const Error& error) {
    fail("{}: {}", name, error.what());
  }
}

Language load_language(const std::string& stem, const LanguageOptions& options, bool is_target) {
  if (is_subword(options.tokenizer)) {
    const std::string path = stem + ".model";
    return subword_language(options, read_regular_file(path), path);
  }
  return {word_tokenizer(options, is_target), Vocabulary::load(stem + ".vocab"), options.lowercase};
}

}

Language::Language(Vocabulary vocabulary)
    : Language(std::make_shared<WhitespaceTokenizer>(), std::move(vocabulary), false) {}

Language::Language(std::shared_ptr<const TextTokenizer> tokenizer, Vocabulary vocabulary, bool lowercase,
                   std::string model)
    : tokenizer(std::move(tokenizer)),
      vocabulary(std::move(vocabulary)),
      lowercase(lowercase),
      model(std::move(model)) {
  if (this->model.empty()) return;
  const int pieces = static_cast<int>(this->vocabulary.size());
  for (int id = 0; id < pieces; ++id)
    longest_piece_ = std::max(longest_piece_, code_points(this->vocabulary.word(id)).size());
}

std::vector<std::string> Language::split(std::string_view line) const {
  return lowercase ? tokenizer->split(lower_case(line)) : tokenizer->split(line);
}

bool Language::surely_exceeds(std::string_view line, size_t pieces) const {
  const size_t most = pieces * longest_piece_;  // characters
  if (longest_piece_ == 0 || line.size() <= most) return false;
  size_t characters = 0;
  while (!line.empty() && characters <= most) {
    const CodePoint point = first_code_point(line);
    characters += is_space(point.value) ? 0 : 1;
    line.remove_prefix(std::max<size_t>(point.length, 1));
  }
  return characters > most;
}

std::vector<std::string> Language::unknown(std::string_view line) const {
  std::vector<std::string> unknown;
  for (std::string& piece : split(line)) {
    const bool is_new = std::ranges::find(unknown, piece) == unknown.end();
    if (is_new && vocabulary.id(piece) == kUnknown) unknown.push_back(std::move(piece));
  }
  return unknown;
}

void Language::save(const std::string& stem) const {
  if (model.empty()) {
    vocabulary.save(stem + ".vocab");
  } else {
    write_file_atomically(stem + ".model", model);
  }
}

std::vector<Pair> Languages::encode(const ParallelText& text) const {
  std::vector<Pair> pairs(text.source.size());
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {source.encode(text.source[i]), target.encode(text.target[i])};
  return pairs;
}

Languages learn_languages(const TextStream& train, const LanguageOptions& options) {
  if (options.joint) {
    Language both = learn_language("both languages", Lines(train, true, true), options, false);
    return {both, both};
  }
  return {learn_language("source language", Lines(train, true, false), options, false),
          learn_language("target language", Lines(train, false, true), options, true)};
}

Languages load_languages(const std::string& source_stem, const std::string& target_stem,
                         const LanguageOptions& options) {
  return {load_language(source_stem, options, false), load_language(target_stem, options, true)};
}

}
