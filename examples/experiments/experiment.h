#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/base/progress.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/metrics/lag.h"
#include "examples/translate/report/alignment_report.h"
#include "examples/translate/search/search_options.h"
#include "examples/translate/translator/ensemble.h"
#include "ops/gemm/thread_pool.h"

/// Experiments train many models that differ in a few fields of their configuration, and compare them.

namespace gradus::translate {

/// One model of an experiment.
struct Variant {
  std::string name;    ///< of its folder
  std::string fields;  ///< as JSON, what differs from the experiment's configuration
};

/// The fields of a variant without attention, whatever attention the experiment's other variants have.
inline constexpr const char* kWithoutAttention =
    R"("attention": "none", "scope": "global", "normalizer": "softmax", "coverage": false, "context_gate": false)";

/// What is measured of a model on the test text.
struct Scores {
  double perplexity = 0, bleu = 0;
  /// BLEU when each <unk> becomes the source word that it attended to most; the same without attention, and where there
  /// are no unknown words: with subwords, and in the toy language.
  double bleu_replaced = 0;
  std::optional<double> alignment_error;  ///< of a model with attention, where the true alignments are known
};

/// What is measured of a model that may translate while its source still comes.
struct LagScores {
  double bleu = 0;
  Lag lag;
};

class Experiment {
 public:
  /// Models go to folders inside of `folder`. Without `test`, a source and a reference file, they are tested on the toy
  /// language. Throws Error for files that cannot be read.
  Experiment(std::string folder, TrainConfig config, const std::vector<std::string>& test);

  /// Throws Error if the fields of one of them do not go together with each other or the experiment's, or if its folder
  /// holds a model of another configuration: to be called before the first training.
  void check(std::span<const Variant> variants) const;
  /// Trains the variant, goes on with its training, or does nothing if that is done. Throws Interrupted after Ctrl-C,
  /// when the training can be gone on with; so do those below, if they are not done then.
  void train(const Variant& variant);

  Scores score(const std::string& variant);
  /// Of greedy translations.
  LagScores score_lag(const std::string& variant);
  /// The translations of the test text.
  std::vector<std::string> translate(const std::string& variant) { return translate(Ensemble({path(variant)})); }

  std::string path(const std::string& file) const;
  const TrainConfig& config() const { return config_; }
  const ParallelText& test() const { return test_; }

 private:
  TrainConfig configuration(const Variant& variant) const;
  std::vector<std::string> translate(const Ensemble& model);
  std::vector<std::string> translate_replacing_unknown(const Ensemble& model);
  double bleu(const std::vector<std::string>& translations) const;

  std::string folder_;
  TrainConfig config_;
  CorpusText text_;
  ParallelText test_;
  std::optional<AlignedText> aligned_;  // the same as test_
  ThreadPool pool_;
  Progress progress_;
};

}
