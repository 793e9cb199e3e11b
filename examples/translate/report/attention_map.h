#pragma once

#include <string>
#include <string_view>

#include "examples/translate/report/heatmap.h"
#include "examples/translate/search/search.h"
#include "examples/translate/translator/translator.h"

namespace gradus::translate {

/// A translation, and what each of its pieces looked at.
struct AttentionMap {
  std::string translation;
  Heatmap map;
};

/// Throws Error, in the words of `attend`, for a model of this name that has no attention.
void require_attention(const Translator& translator, const std::string& name);

/// Translates a line with a frozen model that has attention. The map has the end of sentence on both sides, as figure 3
/// of Bahdanau et al. (2014); it is empty for a line without a word.
AttentionMap attention_map(Translator& translator, std::string_view line, SearchOptions options, ThreadPool& pool);

/// The same of a given translation. Throws Error for one without a word.
AttentionMap forced_attention_map(Translator& translator, std::string_view line, std::string_view target,
                                  ThreadPool& pool);

}
