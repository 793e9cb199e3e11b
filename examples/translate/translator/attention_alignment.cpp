#include "examples/translate/translator/attention_alignment.h"

#include "autograd/error.h"
#include "examples/translate/search/scoring.h"
#include "examples/translate/search/search.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/text/word_weights.h"

namespace gradus::translate {

namespace {

/// A line in the pieces of a language, cut word by word.
struct CutLine {
  std::vector<int> pieces;  ///< </s> last
  std::vector<int> word;    ///< which each piece belongs to; </s> is one of its own
};

CutLine cut(const Language& language, std::string_view line) {
  std::vector<std::string> pieces;
  CutLine result;
  const std::vector<std::string_view> words = split_words(line);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::vector<std::string> cut_word = language.split(words[i]);
    pieces.insert(pieces.end(), cut_word.begin(), cut_word.end());
    result.word.resize(pieces.size(), static_cast<int>(i));
  }
  result.word.push_back(static_cast<int>(words.size()));
  result.pieces = language.vocabulary.encode(pieces);
  return result;
}

std::vector<CutLine> cut_all(const Language& language, const std::vector<std::string>& lines) {
  std::vector<CutLine> result;
  for (const std::string& line : lines) result.push_back(cut(language, line));
  return result;
}

std::vector<std::vector<int>> pieces_of(const std::vector<CutLine>& lines) {
  std::vector<std::vector<int>> result;
  for (const CutLine& line : lines) result.push_back(line.pieces);
  return result;
}

}

std::vector<std::vector<Link>> align_pairs(std::span<Translator* const> models, const ParallelText& text,
                                           ThreadPool& pool) {
  std::vector<WordWeights> weights;
  for (size_t i = 0; i < text.source.size(); ++i) {
    weights.emplace_back(split_words(text.target[i]).size(), split_words(text.source[i]).size());
  }
  const std::vector<CutLine> targets = cut_all(models[0]->target, text.target);
  bool attends = false;
  for (Translator* model : models) {
    if (!model->config.attention.present) continue;
    attends = true;
    const std::vector<CutLine> sources = cut_all(model->source, text.source);
    const std::vector<std::vector<int>> source_pieces = pieces_of(sources);
    const Member member{&model->model, source_pieces};
    const auto attention = attend_targets({&member, 1}, pieces_of(targets), kDecodingBatch, pool);
    for (size_t i = 0; i < weights.size(); ++i) weights[i].add(attention[i], targets[i].word, sources[i].word);
  }
  if (!attends) fail("alignments: the model has no attention; it was trained with --attention none");
  std::vector<std::vector<Link>> links;
  for (const WordWeights& pair : weights) links.push_back(pair.most_attended());
  return links;
}

}
