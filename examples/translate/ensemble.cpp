#include "examples/translate/ensemble.h"

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/checkpoint.h"

namespace gradus::translate {

namespace {

/// Fails if the words that models write are not the same, number by number.
void require_same_words(const Vocabulary& a, const Vocabulary& b, const std::string& a_name,
                        const std::string& b_name) {
  constexpr const char* kRule = "the models of an ensemble must have the same target vocabulary";
  if (a.size() != b.size())
    fail("{}, {}: they write {} and {} different words; {}", a_name, b_name, a.size(), b.size(), kRule);
  for (int i = 0; i < static_cast<int>(a.size()); ++i) {
    if (a.word(i) != b.word(i))
      fail("{}, {}: target word {} is '{}' in one and '{}' in the other; {}", a_name, b_name, i, a.word(i), b.word(i),
           kRule);
  }
}

}

std::vector<Translation> translate_lines(std::span<Translator* const> models, std::span<const std::string> lines,
                                         std::uint64_t first_line, const SearchOptions& options, ThreadPool& pool) {
  const auto attends = [](const Translator* model) { return model->config.attention != AttentionKind::None; };
  if (options.needs_attention() && std::none_of(models.begin(), models.end(), attends))
    fail("translate: no attention to use; the model was trained with --attention none");

  std::vector<Translation> result(lines.size());
  std::vector<std::vector<std::vector<int>>> sources(models.size());
  std::vector<std::uint64_t> numbers;  // of the lines that the sources stand on
  for (size_t i = 0; i < lines.size(); ++i) {
    result[i].source = models[0]->source.split(lines[i]);
    if (result[i].source.empty()) continue;
    numbers.push_back(first_line + i);
    for (size_t m = 0; m < models.size(); ++m) {
      sources[m].push_back(models[m]->source.encode(lines[i]));
      if (options.needs_attention() && sources[m].back().size() != sources[0].back().size())
        fail("line {}: the models of the ensemble split it differently, so that their attentions have no mean",
             first_line + i + 1);
    }
  }
  std::vector<Member> members;
  for (size_t m = 0; m < models.size(); ++m) members.push_back({&models[m]->model, sources[m]});
  std::vector<NBest> found = search_n_best(members, numbers, options, kDecodingBatch, pool);
  for (size_t i = 0; i < found.size(); ++i) result[numbers[i] - first_line].n_best = std::move(found[i]);
  return result;
}

Ensemble::Ensemble(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    owned_.push_back(load_translator(directory));
    models_.push_back(owned_.back().get());
    require_same_words(owned_.front()->target.vocabulary, owned_.back()->target.vocabulary, directories.front(),
                       directory);
  }
}

}
