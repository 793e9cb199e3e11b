#include "examples/translate/translator/translation_output.h"

#include <fmt/core.h>

#include <cmath>

#include "examples/translate/text/word_weights.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

/// With six decimals: as many as single precision has, and no more digits than a reader wants.
double rounded(double x) { return std::round(x * 1e6) / 1e6; }

/// The attention of a hypothesis, one row a word and one for </s>.
Json attention_rows(const Hypothesis& hypothesis) {
  Json::List rows;
  const size_t length = hypothesis.attention.size() / (hypothesis.words.size() + 1);
  for (size_t begin = 0; begin < hypothesis.attention.size(); begin += length) {
    Json::List row;
    for (size_t j = 0; j < length; ++j) row.emplace_back(rounded(static_cast<double>(hypothesis.attention[begin + j])));
    rows.emplace_back(std::move(row));
  }
  return rows;
}

}

std::vector<std::string> TranslationWriter::target_words(const Translation& translation,
                                                         const Hypothesis& hypothesis) const {
  std::vector<std::string> words = words_.target.vocabulary.decode(hypothesis.words);
  if (options_.replace_unknown) replace_unknown(words, hypothesis, translation.source, dictionary_);
  return words;
}

std::string TranslationWriter::text(const Translation& translation, const Hypothesis& hypothesis) const {
  const TextTokenizer &source = *words_.source.tokenizer, &target = *words_.target.tokenizer;
  const std::vector<std::string> pieces = target_words(translation, hypothesis);
  std::string text = target.join(pieces);
  if (!options_.alignments) return text;
  if (translation.source.empty()) return text + " ||| ";
  const std::vector<int> from = words_of_pieces(source, translation.source), to = words_of_pieces(target, pieces);
  WordWeights weights(static_cast<size_t>(to.back()), static_cast<size_t>(from.back()));
  weights.add(hypothesis.attention, to, from);
  return text + " ||| " + pharaoh(weights.most_attended());
}

std::string TranslationWriter::json(const Translation& translation, const NBest& n_best, std::string_view line) const {
  const auto describe = [&](Json& json, const Hypothesis& hypothesis) {
    const std::vector<std::string> words = target_words(translation, hypothesis);
    json.set("translation", words_.target.tokenizer->join(words));
    json.set("score", rounded(hypothesis.score));
    json.set("log_probability", rounded(hypothesis.log_probability));
    json.set("tokens", words);
    if (options_.alignments) json.set("alignment", hypothesis.words.empty() ? "" : pharaoh(alignment(hypothesis)));
    if (options_.attention) json.set("attention", attention_rows(hypothesis));
  };
  Json json = Json::object({{"source", line}, {"source_tokens", translation.source}});
  describe(json, n_best.front());
  if (options_.n_best) {
    Json::List all;
    for (const Hypothesis& hypothesis : n_best) describe(all.emplace_back(Json::object({})), hypothesis);
    json.set("n_best", std::move(all));
  }
  return json.dump() + "\n";
}

std::string TranslationWriter::write(const Translation& translation, std::string_view line,
                                     std::uint64_t number) const {
  const NBest nothing(
      1);  // a line without a word has one translation, which is empty, so that no reader misses a field
  const NBest& n_best = translation.n_best.empty() ? nothing : translation.n_best;
  if (options_.json) return json(translation, n_best, line);
  if (!options_.n_best) return text(translation, n_best.front()) + "\n";
  std::string lines;
  for (const Hypothesis& hypothesis : n_best) {
    lines += fmt::format("{} ||| {} ||| {:.6f} ||| {:.6f}\n", number, text(translation, hypothesis),
                         hypothesis.log_probability, hypothesis.score);
  }
  return lines;
}

}
