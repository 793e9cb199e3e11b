#include "autograd/error.h"
#include "examples/experiments/experiments.h"
#include "examples/translate/training/configured.h"
#include "examples/translate/training/trainer.h"

namespace gradus::translate {

LengthReport lengths(Experiment& experiment, int max_words, std::size_t bin_width) {
  const int all_words = experiment.config().max_length;
  if (max_words >= all_words) {
    fail("lengths: --short is {}, --max-length is {}; need shorter sentences than the longest", max_words, all_words);
  }
  const Bleu bleu(bleu_options(experiment.config()));
  LengthReport report{"BLEU by the length of the source", bleu.name(),
                      length_bins(experiment.test().source, bin_width)};
  const References references = references_of(std::span(&experiment.test().target, 1));
  const std::string none =
      fmt::format(R"({}, "fixed_context": true, "bidirectional": false, "bridge": "last")", kWithoutAttention);
  const std::string attention =
      R"("attention": "bahdanau", "fixed_context": false, "bidirectional": true, "reverse_source": false)";
  std::vector<Variant> variants;
  std::vector<std::string> titles;
  for (const bool attends : {false, true}) {
    for (const int longest : {max_words, all_words}) {
      variants.push_back({fmt::format("{}-{}", attends ? "attention" : "none", longest),
                          fmt::format(R"({{{}, "max_length": {}}})", attends ? attention : none, longest)});
      titles.push_back(fmt::format("{}, up to {} words", attends ? "attention" : "no attention", longest));
    }
  }
  experiment.check(variants);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    experiment.train(variants[i]);
    report.add(titles[i], bleu, corpus_statistics(bleu, experiment.translate(variants[i].name), references));
  }
  return report;
}

}
