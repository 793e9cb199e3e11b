#include "examples/translate/training/validation.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "examples/translate/base/number.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/metrics/bleu.h"
#include "examples/translate/training/configured.h"
#include "examples/translate/translator/translate.h"

namespace gradus::translate {

Validated score_validation(Translator& translator, Pairs pairs, const ParallelText& text, ThreadPool& pool,
                           Transport& transport) {
  const double loss = cross_entropy(translator.model, pairs, pool, transport);
  const SearchOptions options{.beam = translator.config.valid_beam};
  std::vector<std::string> translations = best_translations(translator, text.source, options, pool, transport);
  const double bleu = corpus_bleu(translations, text.target, bleu_options(translator.config)).score;
  return {loss, bleu, std::move(translations)};
}

std::vector<TrainingLog::Sample> first_samples(const ParallelText& text, const Validated& validated) {
  constexpr std::size_t kSamples = 5;
  std::vector<TrainingLog::Sample> samples;
  for (std::size_t i = 0; i < std::min(kSamples, validated.translations.size()); ++i) {
    samples.push_back({text.source[i], text.target[i], validated.translations[i]});
  }
  return samples;
}

std::string validation_line(const TrainingLog::Validation& validation, bool at_end_of_epoch, double loss,
                            double speed) {
  const std::string when =
      at_end_of_epoch ? fmt::format("epoch {:>2}", validation.epoch) : fmt::format("step {:>5}", validation.step);
  return fmt::format("{}  loss {}  {:.0f} tok/s  valid perplexity {}, BLEU {:.2f}{}  {}", when, readable(loss, 2),
                     speed, readable(validation.perplexity, 2), validation.bleu, validation.best ? ", best" : "",
                     clock_text(validation.seconds));
}

}
