#include "examples/experiments/experiment.h"

#include <cmath>
#include <filesystem>

#include "autograd/error.h"
#include "examples/translate/checkpoint.h"
#include "examples/translate/cores.h"
#include "examples/translate/ensemble.h"
#include "examples/translate/metrics/alignment_error.h"
#include "examples/translate/trainer.h"
#include "examples/translate/unknown_words.h"

namespace gradus::translate {

namespace {

/// Throws unless both train alike.
void require_same(const std::string& folder, TrainConfig begun, TrainConfig wanted) {
  const std::vector<ConfigField> a = config_fields(begun), b = config_fields(wanted);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].lasting || a[i].equals(b[i])) continue;
    fail("{}: holds a model with {} {}, not {}; choose another --out", folder, a[i].key, a[i].text(), b[i].text());
  }
}

}

Experiment::Experiment(std::string folder, TrainConfig config, const std::vector<std::string>& test)
    : folder_(std::move(folder)),
      config_(std::move(config)),
      text_(load_text(config_)),
      pool_(thread_count(config_.threads)) {
  if (!test.empty()) {
    test_ = read_parallel(test[0], test[1]);
    if (test_.source.empty()) fail("{}, {}: no sentence pair to test on", test[0], test[1]);
    return;
  }
  const std::vector<ToyPair> pairs = toy_corpus().test;
  test_ = toy_text(pairs);
  words_ = toy_text(pairs, join_words);
  for (const ToyPair& pair : pairs) truth_.push_back({pair.alignment, pair.alignment});
}

std::string Experiment::path(const std::string& file) const { return (std::filesystem::path(folder_) / file).string(); }

void Experiment::train(const Variant& variant) {
  TrainConfig config = config_;
  read_config_text(variant.name, variant.fields, config);
  const std::string directory = path(variant.name);
  const bool begun = has_begun(directory);
  if (begun) require_same(directory, load_config(directory), config);
  const std::unique_ptr<Translator> translator =
      begun ? load_words(directory, config)
            : std::make_unique<Translator>(config, learn_languages(text_.train, config));
  if (!begun) create_model(directory, *translator);
  progress_.print(fmt::format("\n{}", directory));
  Trainer trainer(*translator, encode_corpus(text_, *translator), directory, progress_);
  if (begun) trainer.resume();
  if (trainer.run() == Trainer::End::Interrupted) throw Interrupted();
}

std::vector<std::string> Experiment::translate(const std::string& variant, bool replace_unknown) {
  const Ensemble model({path(variant)});
  if (!replace_unknown) return best_translations(model.models(), test_.source, {}, pool_);
  const Language& target = model.first().target;
  std::vector<std::string> translations;
  const SearchOptions options{.unknown = true, .attention = true};
  for (const Translation& found : translate_lines(model.models(), test_.source, 0, options, pool_)) {
    const Hypothesis& best = found.n_best.front();
    std::vector<std::string> words = target.vocabulary.decode(best.words);
    gradus::translate::replace_unknown(words, best, found.source, Dictionary());
    translations.push_back(target.tokenizer->join(words));
  }
  return translations;
}

Scores Experiment::score(const std::string& variant, bool replace_unknown) {
  const Ensemble model({path(variant)});
  Scores scores{.perplexity = std::exp(cross_entropy(model.models(), test_, pool_)),
                .bleu = corpus_bleu(translate(variant, replace_unknown), test_.target, bleu_options(config_)).score,
                .alignment_error = {}};
  if (words_ && model.first().config.attention.present) {
    scores.alignment_error = alignment_error(align_pairs(model.models(), *words_, pool_), truth_).rate();
  }
  return scores;
}

}
