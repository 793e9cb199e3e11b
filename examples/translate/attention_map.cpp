#include "examples/translate/attention_map.h"

namespace gradus::translate {

AttentionMap attention_map(Translator& translator, std::string_view line, SearchOptions options, ThreadPool& pool) {
  std::vector<std::string> source = translator.source.split(line);
  if (source.empty()) return {};
  const std::vector<int> ids = translator.source.vocabulary.encode(source);
  options.attention = true;
  const Hypothesis found = search_all(translator.model, {&ids, 1}, options, 1, pool).front();

  const Vocabulary& words = translator.target.vocabulary;
  std::vector<std::string> target;
  for (int word : found.words) target.push_back(words.word(word));
  source.push_back(words.word(Vocabulary::kEnd));
  // Unless it was cut at the maximum length.
  if (found.attention.size() > target.size() * source.size()) target.push_back(words.word(Vocabulary::kEnd));
  return {translator.text(found),
          {std::move(source), std::move(target), {found.attention.begin(), found.attention.end()}}};
}

}
