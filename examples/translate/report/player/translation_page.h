#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/search/search_options.h"
#include "examples/translate/translator/translator.h"

namespace gradus::translate {

/// The files of this folder, as they were when Gradus was built.
namespace pages {
extern const std::string_view translation_css, translation_js;
}

/// A model on a page, and what people call it.
struct ShownModel {
  Translator* translator;
  std::string name;
};

/// What a page is to show.
struct TranslationPageOptions {
  std::string source;
  std::optional<std::string> target = {};  ///< the translation; otherwise what the first model finds
  SearchOptions search = {};               ///< how it does so
  bool saliency = false;                   ///< whether to show gradients beside the weights
};

struct TranslationPage {
  std::string html;
  std::string target;                     ///< the translation, as text
  std::vector<double> log_probabilities;  ///< of the translation, by each model
};

/// A page for a browser that steps through a translation: the encoder, then word by word query, scores, weights,
/// context, what the output layer reads, and the likeliest words; and the search, if there was one. Two models stand
/// side by side. They must be in evaluation mode.
///
/// Throws Error for a model without recurrent states and attention, for a source or target without a word, and for two
/// models that do not cut them into as many words.
TranslationPage translation_page(std::span<const ShownModel> models, const TranslationPageOptions& options);

}
