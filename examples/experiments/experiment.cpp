#include "examples/experiments/experiment.h"

#include <cmath>
#include <filesystem>

#include "autograd/error.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/machine/cores.h"
#include "examples/translate/training/configured.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/new_model.h"
#include "examples/translate/translator/translate.h"
#include "examples/translate/translator/translation_output.h"
#include "nn/init.h"

namespace gradus::translate {

namespace {

/// Throws unless both train alike.
void require_same(const std::string& folder, TrainConfig begun, TrainConfig wanted) {
  const std::vector<ConfigField> a = begun.fields(), b = wanted.fields();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].rules.lasting || a[i].equals(b[i])) continue;
    fail("{}: holds a model with {} {}, not {}; choose another --out", folder, a[i].key, a[i].text(), b[i].text());
  }
}

}

Experiment::Experiment(std::string folder, TrainConfig config, const std::vector<std::string>& test)
    : folder_(std::move(folder)),
      config_(std::move(config)),
      text_(load_text(config_)),
      pool_(thread_count(config_.threads)) {
  require_files(config_);
  make_paths_absolute(config_);
  if (!test.empty()) {
    test_ = read_parallel(test[0], test[1]);
    if (test_.source.empty()) fail("{}, {}: no sentence pair to test on", test[0], test[1]);
    return;
  }
  const std::vector<ToyPair> pairs = toy_corpus().test;
  test_ = toy_text(pairs);
  aligned_ = aligned_toy_text(pairs);
}

std::string Experiment::path(const std::string& file) const { return (std::filesystem::path(folder_) / file).string(); }

TrainConfig Experiment::configuration(const Variant& variant) const {
  TrainConfig config = config_;
  read_config_text(variant.name, variant.fields, config);
  config.check_architecture();
  return config;
}

void Experiment::check(std::span<const Variant> variants) const {
  constexpr std::size_t kAnyWords = 5;
  const WithoutInit without_init;
  for (const Variant& variant : variants) {
    try {
      Seq2Seq(configuration(variant).with_words(kAnyWords, kAnyWords));
    } catch (const Error& error) {
      fail("{}: {}", variant.name, error.what());
    }
    const std::string directory = path(variant.name);
    if (holds_model(directory)) require_same(directory, load_config(directory), configuration(variant));
  }
}

void Experiment::train(const Variant& variant) {
  const TrainConfig config = configuration(variant);
  const std::string directory = path(variant.name);
  const FolderLock lock = lock_model("experiments", directory);
  const bool begun = has_begun(directory);
  const std::unique_ptr<Translator> translator =
      begun ? load_words(directory, config)
            : std::make_unique<Translator>(config, learn_languages(text_.train, language_options(config)));
  progress_.print(fmt::format("\n{}", directory));
  Trainer trainer(*translator, encode_corpus(text_, *translator, config, ModelFolder(directory).tokens, &progress_),
                  directory, progress_);
  if (begun) {
    trainer.resume();
  } else {
    trainer.create();
  }
  if (trainer.run() == Trainer::End::Interrupted) throw Interrupted();
}

std::vector<std::string> Experiment::translate(const Ensemble& model) {
  return best_translations(model.models(), test_.source, {}, pool_);
}

std::vector<std::string> Experiment::translate_replacing_unknown(const Ensemble& model) {
  const TranslationWriter writer(model.first(), {.replace_unknown = true}, Dictionary());
  const SearchOptions options{.unknown = true, .attention = true};
  std::vector<std::string> translations;
  for (const Translation& found : translate_lines(model.models(), test_.source, 0, options, pool_)) {
    translations.push_back(writer.text(found, found.n_best.front()));
  }
  return translations;
}

double Experiment::bleu(const std::vector<std::string>& translations) const {
  return corpus_bleu(translations, test_.target, bleu_options(config_)).score;
}

LagScores Experiment::score_lag(const std::string& variant) {
  const Ensemble model({path(variant)});
  std::vector<std::string> translations;
  std::vector<Lag> lags;
  for (const Translation& found :
       translate_lines(model.models(), test_.source, 0, {.beam = 1, .delays = true}, pool_)) {
    const Hypothesis& best = found.n_best.front();
    translations.push_back(model.first().text(best));
    lags.push_back(lag_of(best.delays, static_cast<int>(found.source.size()) + 1));
  }
  return {bleu(translations), mean_of(lags)};
}

Scores Experiment::score(const std::string& variant) {
  const Ensemble model({path(variant)});
  Scores scores;
  scores.perplexity = std::exp(cross_entropy(model.models(), test_, pool_));
  scores.bleu = scores.bleu_replaced = bleu(translate(model));
  if (!model.first().config.attention.present) return scores;
  if (aligned_) {
    scores.alignment_error = alignment_error(model.models(), *aligned_, pool_).rate();
  } else if (!is_subword(config_.tokenizer)) {
    scores.bleu_replaced = bleu(translate_replacing_unknown(model));
  }
  return scores;
}

}
