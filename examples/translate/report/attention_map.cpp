#include "examples/translate/report/attention_map.h"

#include "examples/translate/base/word_ids.h"

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
  for (std::vector<std::string>* side : {&source, &target}) side->push_back(words.word(kEnd));
  return {translator.text(found),
          {std::move(source), std::move(target), {found.attention.begin(), found.attention.end()}}};
}

}
