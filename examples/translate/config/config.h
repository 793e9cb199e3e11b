#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "examples/translate/base/choices.h"
#include "examples/translate/base/tokenizer_kind.h"
#include "examples/translate/config/model_config.h"

namespace gradus::translate {

/// How the gradient moves the weights: Adam (with a weight decay AdamW), plain gradient descent, or Adadelta.
enum class OptimizerKind { Adam, Sgd, Adadelta };
template <>
inline constexpr std::array kChoices<OptimizerKind>{"adam", "sgd", "adadelta"};

/// How the learning rate goes on after the warm-up.
enum class Schedule {
  Plateau,      ///< multiplied by `learning_rate_decay` after a validation without a better BLEU
  Cosine,       ///< along half a cosine to 0 at the end of the last epoch
  InverseSqrt,  ///< as 1/√step
  Halving,      ///< halved before every epoch after the first `halve_after` (Luong et al. 2015, section 4.1)
  Constant,
};
template <>
inline constexpr std::array kChoices<Schedule>{"plateau", "cosine", "inverse-sqrt", "halving", "constant"};

/// What the loss of a step is the mean over. Its gradient grows with it, which plain gradient descent and clipping see.
enum class LossMean { Words, Sentences };
template <>
inline constexpr std::array kChoices<LossMean>{"words", "sentences"};

/// Everything that decides what a training does. Two trainings with the same configuration and the same text end with
/// the same weights, to the bit; `threads` alone has no part in that.
struct TrainConfig {
  std::vector<std::string> train, valid;  ///< two files each, source and target; empty for the toy language
  bool toy = false;
  TokenizerKind tokenizer = TokenizerKind::Whitespace;
  int vocabulary_size = 0;
  bool joint = false;
  int min_frequency = 2;
  int max_length = 100;
  bool lowercase = false;

  Architecture architecture = Architecture::Recurrent;
  AttentionConfig attention;
  CellKind cell = CellKind::Lstm;
  int embedding = 256;
  int hidden = 512;
  int encoder_layers = 1, decoder_layers = 1;
  bool bidirectional = true;
  bool residual = false;
  bool layer_norm = false;
  bool reverse_source = false;
  int feed_forward = 1024;
  bool pre_norm = true;
  Bridge bridge = Bridge::Last;
  bool fixed_context = false;
  Readout readout = Readout::Tanh;
  InitialValues initial_values = InitialValues::Xavier;
  TiedEmbeddings tied_embeddings = TiedEmbeddings::None;
  double embedding_deviation = 0.1;
  double dropout = 0.3;
  double embedding_dropout = kAsDropout, layer_dropout = kAsDropout, output_dropout = kAsDropout;
  double recurrent_dropout = 0;
  double word_dropout = 0;

  int epochs = 12;
  double max_minutes = 0;
  int patience = 5;
  int batch_size = 64;
  int batch_tokens = 0;
  int pool_batches = 100;
  int accumulate = 1;
  OptimizerKind optimizer = OptimizerKind::Adam;
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::Plateau;
  int warm_up = 0;
  double learning_rate_decay = 0.5;
  int halve_after = 5;
  double weight_decay = 0;
  double label_smoothing = 0.1;
  double clip = 1;
  LossMean loss_mean = LossMean::Words;
  double average_decay = 0;
  double scheduled_sampling = 0;
  double reinforce_weight = 0.1;
  double reinforce_discount = 0.5;
  double entropy_weight = 0.002;
  int keep_epochs = 0;
  int valid_beam = 1;
  std::uint64_t seed = 1;

  int shards = 2;
  int threads = 0;

  /// The rate of a dropout that has none of its own: it takes `dropout`.
  static constexpr double kAsDropout = -1;

  /// What trains on the toy language within half a minute.
  static TrainConfig toy_preset();

  ModelConfig model(size_t source_words, size_t target_words) const;
  /// Throws Error for a field that changes a part which the model does not have. Mere sizes of such parts do not
  /// matter.
  void check_architecture() const;
};

/// One field of a configuration as files and command lines know it: the only list of all fields is `config_fields`.
/// Fields are to be set in its order: that of AttentionConfig stands for a combination which the next ones change.
struct ConfigField {
  using Value = std::variant<bool*, int*, std::uint64_t*, double*, std::vector<std::string>*, ChoiceReference>;

  const char* group;
  const char* key;  ///< `attention_size` in a file, `--attention-size` on the command line
  Value value;      ///< points into the configuration
  const char* help;
  double min = 0, max = 0;  ///< of a number
  bool lasting = true;      ///< a resumed training may not change it

  /// Runs `action` on the value, as a reference of its own type, or as a ChoiceReference.
  template <class Action>
  auto visit(const Action& action) const {
    return std::visit(
        [&](auto value) {
          if constexpr (std::is_pointer_v<decltype(value)>) {
            return action(*value);
          } else {
            return action(value);
          }
        },
        value);
  }

  std::string option() const;
  /// The value as a reader writes it: `512`, `luong`, `a.de b.en`.
  std::string text() const;
  /// Throws Error if a number is out of its range.
  void check() const;
  /// Takes over the value of the same field of another configuration.
  void assign(const ConfigField& other) const;
  bool equals(const ConfigField& other) const;
};

std::vector<ConfigField> config_fields(TrainConfig& config);

}
