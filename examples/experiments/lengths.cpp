#include "examples/experiments/experiments.h"
#include "examples/translate/trainer.h"

namespace gradus::translate {

LengthReport lengths(Experiment& experiment, int max_words, std::size_t bin_width) {
  const Bleu bleu(bleu_options(experiment.config()));
  LengthReport report{"BLEU by the length of the source", bleu.name(),
                      length_bins(experiment.test().source, bin_width)};
  const References references = references_of(std::span(&experiment.test().target, 1));
  for (const bool attention : {false, true}) {
    for (const int longest : {max_words, experiment.config().max_length}) {
      const char* const kind =
          attention ? R"("attention": "bahdanau")" : R"("attention": "none", "fixed_context": true)";
      const Variant variant{fmt::format("{}-{}", attention ? "attention" : "none", longest),
                            fmt::format(R"({{{}, "max_length": {}}})", kind, longest)};
      experiment.train(variant);
      report.add(fmt::format("{}, up to {} words", attention ? "attention" : "no attention", longest), bleu,
                 corpus_statistics(bleu, experiment.translate(variant.name), references));
    }
  }
  return report;
}

}
