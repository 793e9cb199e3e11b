#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "examples/translate/training/module_norms.h"

namespace gradus::translate {

/// The history of a training, `log.jsonl` in the folder of its model: one JSON object a line, of every step and every
/// validation, in their order.
///
///     {"step":1,"epoch":1,"loss":8.67,"learning_rate":0.00001,"words":934,"gradient_norm":2.1,
///      "gradient_norms":{"encoder.embedding":0.21,"encoder.rnn":0.84,"decoder.output":1.9},"seconds":0.2}
///     {"step":454,"epoch":1,"validation":{"loss":3.3,"perplexity":27.1,"bleu":8.4,"best":true},
///      "weight_norms":{"encoder.embedding":141,"encoder.rnn":29.3,"decoder.output":77.4},"seconds":88.1,
///      "samples":[{"source":"…","reference":"…","translation":"…"}]}
///
/// `loss` is the cross-entropy of a word in nats, of the step with label smoothing; `gradient_norm`, of the whole
/// gradient, and `gradient_norms`, of each module to four digits, are those before clipping; `seconds` counts from the
/// training's beginning. Logs of 0.1 have no norms of modules.
class TrainingLog {
 public:
  struct Step {
    std::uint64_t step;  ///< from 1
    int epoch;           ///< from 1
    double loss, learning_rate, gradient_norm;
    std::int64_t words;  ///< of the target, ends of sentences included
    double seconds;
    std::vector<ModuleNorm> gradient_norms = {};  ///< may be empty
  };
  struct Sample {
    std::string source, reference, translation;
  };
  struct Validation {
    std::uint64_t step;
    int epoch;
    double loss, perplexity, bleu;
    bool best;  ///< better than all before it
    double seconds;
    std::vector<Sample> samples;
    std::vector<ModuleNorm> weight_norms = {};  ///< may be empty
  };

  /// Goes on with the file at `path` after step number `steps`: what a training that was cut off wrote beyond it is
  /// dropped. With 0 steps the file begins anew.
  TrainingLog(const std::string& path, std::uint64_t steps);

  void write(const Step& step);
  void write(const Validation& validation);

 private:
  void write_line(const std::string& line);

  std::string path_;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

/// What a log holds.
struct TrainingHistory {
  std::vector<TrainingLog::Step> steps;
  std::vector<TrainingLog::Validation> validations;
};

/// Throws Error naming `file:line` for a line that is no such object; a last line that was cut off is left out.
TrainingHistory read_training_log(const std::string& path);

}
