#include "examples/translate/report/attention_map.h"

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/search/scoring.h"

namespace gradus::translate {

namespace {

AttentionMap map_of(const Translator& translator, std::vector<std::string> source, std::vector<std::string> target,
                    std::string translation, std::span<const Real> weights) {
  for (std::vector<std::string>* side : {&source, &target}) side->push_back(translator.target.vocabulary.word(kEnd));
  return {std::move(translation), {std::move(source), std::move(target), {weights.begin(), weights.end()}}};
}

}

void require_attention(const Translator& translator, const std::string& name) {
  if (!translator.config.attention.present)
    fail("attend: the model in {} has no attention to show; it was trained with --attention none", name);
}

AttentionMap attention_map(Translator& translator, std::string_view line, SearchOptions options, ThreadPool& pool) {
  std::vector<std::string> source = translator.source.split(line);
  if (source.empty()) return {};
  const std::vector<int> ids = translator.source.vocabulary.encode(source);
  options.attention = true;
  const Hypothesis found = search_all(translator.model, {&ids, 1}, options, 1, pool).front();

  std::vector<std::string> target;
  for (const int word : found.words) target.push_back(translator.target.vocabulary.word(word));
  return map_of(translator, std::move(source), std::move(target), translator.text(found), found.attention);
}

AttentionMap forced_attention_map(Translator& translator, std::string_view line, std::string_view target,
                                  ThreadPool& pool) {
  std::vector<std::string> source = translator.source.split(line), pieces = translator.target.split(target);
  if (source.empty()) return {};
  if (pieces.empty()) fail("attend: the target has no word");
  const std::vector<int> source_ids = translator.source.vocabulary.encode(source),
                         target_ids = translator.target.vocabulary.encode(pieces);
  const Member member{&translator.model, {&source_ids, 1}};
  const std::vector<Real> weights = attend_targets({&member, 1}, {&target_ids, 1}, 1, pool).front();
  return map_of(translator, std::move(source), std::move(pieces), std::string(target), weights);
}

}
