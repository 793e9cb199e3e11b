#include "examples/translate/report/player/step_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "examples/translate/search/word_scores.h"

namespace gradus::translate {

namespace {

std::vector<std::string> words_of(const Vocabulary& vocabulary, const std::vector<int>& numbers) {
  std::vector<std::string> words;
  for (const int number : numbers) words.push_back(vocabulary.word(number));
  return words;
}

std::string probability(double p) { return fmt::format("{:.3g}", p); }

/// A row for each word of the target: how probable it is after those before it, and which word is the likeliest.
std::vector<std::vector<std::string>> table_of_words(Translator& translator, const Pair& pair) {
  const Vocabulary& vocabulary = translator.target.vocabulary;
  const int only = 0;
  Tape tape;
  Tensor logits = translator.model.logits(make_batch({&pair, 1}, {&only, 1}));
  const Array numbers = logits.value();
  const WordScores scores({&numbers, 1});
  std::vector<std::vector<std::string>> table{{"word", "p", "−log p", "likeliest", "p"}};
  for (std::size_t t = 0; t < pair.target.size(); ++t) {
    const WordScores::Row& row = scores.row(static_cast<int>(t));
    const auto log_p = [&](int word) { return row.log_probability(row.scores[word]); };
    const int word = pair.target[t];
    const int likeliest = static_cast<int>(std::max_element(row.scores, row.scores + scores.words()) - row.scores);
    table.push_back({vocabulary.word(word), probability(std::exp(log_p(word))), fmt::format("{:.4g}", -log_p(word)),
                     vocabulary.word(likeliest), probability(std::exp(log_p(likeliest)))});
  }
  return table;
}

}

PlayerOptions words_of_step(Translator& translator, const Pair& pair) {
  const Vocabulary &source = translator.source.vocabulary, &target = translator.target.vocabulary;
  return {.steps = {{"encoder", words_of(source, pair.source)}, {"decoder", words_of(target, pair.target)}},
          .row_name =
              [&source, &target](const Leaf& leaf, int row) {
                const Vocabulary& vocabulary = leaf.name().starts_with("encoder.") ? source : target;
                return static_cast<std::size_t>(leaf.rows()) == vocabulary.size() ? vocabulary.word(row) : "";
              },
          .loss_table = table_of_words(translator, pair)};
}

}
