#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "examples/translate/decoder.h"
#include "examples/translate/tokenizer.h"

namespace gradus::translate {

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

  AttentionKind attention = AttentionKind::Bahdanau;
  int embedding = 256;
  int hidden = 512;
  int attention_size = 512;
  int layers = 1;
  double embedding_deviation = 0.1;
  double dropout = 0.3;

  int epochs = 12;
  double max_minutes = 0;
  int patience = 5;
  int batch_size = 64;
  double learning_rate = 1e-3;
  int warm_up = 0;
  bool cosine = false;
  double learning_rate_decay = 0.5;
  double label_smoothing = 0.1;
  double clip = 1;
  int valid_beam = 1;
  std::uint64_t seed = 1;

  int shards = 2;
  int threads = 0;

  /// What trains on the toy language within half a minute.
  static TrainConfig toy_preset();

  ModelConfig model(size_t source_words, size_t target_words) const;
};

const char* to_string(AttentionKind kind);
const char* to_string(TokenizerKind kind);

/// All kinds, in the order in which they are listed to users. The argument only chooses the type.
std::span<const AttentionKind> all_kinds(AttentionKind);
std::span<const TokenizerKind> all_kinds(TokenizerKind);

/// One field of a configuration as files and command lines know it: the only list of all fields is `config_fields`.
struct ConfigField {
  using Value =
      std::variant<bool*, int*, std::uint64_t*, double*, AttentionKind*, TokenizerKind*, std::vector<std::string>*>;

  const char* group;
  const char* key;  ///< `attention_size` in a file, `--attention-size` on the command line
  Value value;      ///< points into the configuration
  const char* help;
  double min = 0, max = 0;  ///< of a number
  bool lasting = true;      ///< a resumed training may not change it

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

/// Sets the fields that the JSON file names. Throws Error, naming the file, for malformed JSON, an unknown key (with
/// the key that it resembles), a value of the wrong type or out of range.
void read_config(const std::string& path, TrainConfig& config);

/// Writes all fields, whole or not at all.
void write_config(const std::string& path, TrainConfig config);

}
