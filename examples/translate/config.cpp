#include "examples/translate/config.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/nearest.h"
#include "examples/translate/text.h"
#include "nn/atomic_file.h"

namespace gradus::translate {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kAnyNumber = 1e9;
constexpr std::array kAttentionKinds{AttentionKind::Bahdanau, AttentionKind::Luong, AttentionKind::None};
constexpr std::array kTokenizerKinds{TokenizerKind::Whitespace, TokenizerKind::Words, TokenizerKind::Bpe,
                                     TokenizerKind::Unigram};

template <class T>
constexpr bool kIsNumber = std::is_same_v<T, int> || std::is_same_v<T, double> || std::is_same_v<T, std::uint64_t>;

/// Runs `action` on the value of a field, as a reference of its own type.
template <class Action>
auto visit_value(const ConfigField& field, const Action& action) {
  return std::visit([&](auto* value) { return action(*value); }, field.value);
}

// What a field holds, out of JSON; `false` when the JSON is of another type.

bool from_json(const Json& json, bool& value) {
  if (!json.is_boolean()) return false;
  value = json.get<bool>();
  return true;
}

bool from_json(const Json& json, int& value) {
  if (!json.is_number_integer()) return false;
  value = static_cast<int>(std::clamp<std::int64_t>(json.get<std::int64_t>(), std::numeric_limits<int>::min(),
                                                    std::numeric_limits<int>::max()));
  return true;
}

bool from_json(const Json& json, std::uint64_t& value) {
  if (!json.is_number_unsigned()) return false;
  value = json.get<std::uint64_t>();
  return true;
}

bool from_json(const Json& json, double& value) {
  if (!json.is_number()) return false;
  value = json.get<double>();
  return true;
}

template <class Kind>
requires std::is_enum_v<Kind>
bool from_json(const Json& json, Kind& value) {
  const auto kinds = all_kinds(value);
  const auto found = std::ranges::find_if(kinds, [&](Kind kind) { return json == to_string(kind); });
  if (found == kinds.end()) return false;
  value = *found;
  return true;
}

bool from_json(const Json& json, std::vector<std::string>& value) {
  const auto is_string = [](const Json& item) { return item.is_string(); };
  if (!json.is_array() || !(json.empty() || json.size() == 2) || !std::all_of(json.begin(), json.end(), is_string))
    return false;
  value = json.get<std::vector<std::string>>();
  return true;
}

template <class T>
Json to_json(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return to_string(value);
  } else {
    return value;
  }
}

const char* expected(bool) { return "true or false"; }
const char* expected(int) { return "a whole number"; }
const char* expected(std::uint64_t) { return "a whole number, not negative"; }
const char* expected(double) { return "a number"; }
const char* expected(AttentionKind) { return "\"none\", \"bahdanau\" or \"luong\""; }
const char* expected(TokenizerKind) { return "\"whitespace\", \"words\", \"bpe\" or \"unigram\""; }
const char* expected(const std::vector<std::string>&) { return "a list of two files, [\"SOURCE\", \"TARGET\"]"; }

Json parse(const std::string& path) {
  try {
    return Json::parse(read_file(path));
  } catch (const Json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: ..."
    const std::string what = error.what();
    const size_t end = what.find("] ");
    fail("{}: malformed JSON: {}", path, end == std::string::npos ? what : what.substr(end + 2));
  }
}

[[noreturn]] void fail_unknown(const std::string& path, const std::string& key,
                               const std::vector<ConfigField>& fields) {
  std::vector<std::string> keys;
  for (const ConfigField& field : fields) keys.emplace_back(field.key);
  const std::string similar = nearest(key, keys);
  fail("{}: unknown key \"{}\"{}", path, key, similar.empty() ? "" : fmt::format("; did you mean \"{}\"?", similar));
}

}

const char* to_string(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::None:
      return "none";
    case AttentionKind::Bahdanau:
      return "bahdanau";
    case AttentionKind::Luong:
      return "luong";
  }
  return "";
}

const char* to_string(TokenizerKind kind) {
  switch (kind) {
    case TokenizerKind::Whitespace:
      return "whitespace";
    case TokenizerKind::Words:
      return "words";
    case TokenizerKind::Bpe:
      return "bpe";
    case TokenizerKind::Unigram:
      return "unigram";
  }
  return "";
}

std::span<const AttentionKind> all_kinds(AttentionKind) { return kAttentionKinds; }

std::span<const TokenizerKind> all_kinds(TokenizerKind) { return kTokenizerKinds; }

TrainConfig TrainConfig::toy_preset() {
  TrainConfig config;
  config.toy = true;
  config.min_frequency = 1;
  config.lowercase = true;
  config.embedding = config.hidden = config.attention_size = 64;
  config.embedding_deviation = 1;
  config.dropout = 0.1;
  config.epochs = 7;
  config.batch_size = 32;
  config.learning_rate = 6e-3;
  config.cosine = true;
  config.label_smoothing = 0;
  return config;
}

ModelConfig TrainConfig::model(size_t source_words, size_t target_words) const {
  return {.attention = attention,
          .source_words = static_cast<int>(source_words),
          .target_words = static_cast<int>(target_words),
          .embedding = embedding,
          .hidden = hidden,
          .attention_size = attention_size,
          .layers = layers,
          .dropout = static_cast<Real>(dropout),
          .embedding_deviation = embedding_deviation};
}

std::string ConfigField::option() const {
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

std::string ConfigField::text() const {
  return visit_value(*this, [](const auto& value) -> std::string {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return join_words(value);
    } else if constexpr (std::is_enum_v<T>) {
      return to_string(value);
    } else {
      return fmt::format("{}", value);
    }
  });
}

void ConfigField::check() const {
  visit_value(*this, [&](const auto& value) {
    if constexpr (kIsNumber<std::decay_t<decltype(value)>>) {
      const double number = static_cast<double>(value);
      if (!(number >= min)) fail("{}: {} is too small; need at least {}", key, value, min);
      if (number > max) fail("{}: {} is too large; need at most {}", key, value, max);
    }
  });
}

void ConfigField::assign(const ConfigField& other) const {
  visit_value(*this, [&](auto& value) { value = *std::get<std::decay_t<decltype(value)>*>(other.value); });
}

bool ConfigField::equals(const ConfigField& other) const {
  return visit_value(
      *this, [&](const auto& value) { return value == *std::get<std::decay_t<decltype(value)>*>(other.value); });
}

std::vector<ConfigField> config_fields(TrainConfig& c) {
  constexpr bool kMayChange = false;
  return {
      {"Data", "train", &c.train, "Training text: two files of as many lines, line n of TGT translates line n of SRC",
       0, 0, kMayChange},
      {"Data", "valid", &c.valid, "Validation text, which decides what the best model is", 0, 0, kMayChange},
      {"Data", "toy", &c.toy, "Train on the built-in toy language, English to French, with a small model"},
      {"Data", "tokenizer", &c.tokenizer,
       "whitespace (the text is tokenised already), words (raw text; splits off punctuation), bpe or unigram (raw "
       "text; "
       "learns subwords, so that no word is unknown)"},
      {"Data", "vocabulary_size", &c.vocabulary_size,
       "Words or subwords of each language, 4 special ones included; 0 for 8000 subwords, or for words without limit",
       0, kAnyNumber},
      {"Data", "joint", &c.joint, "One vocabulary for both languages, learned from both sides of the training text"},
      {"Data", "min_frequency", &c.min_frequency,
       "Words that occur less often in the training text become <unk>; without effect on subwords", 1, kAnyNumber},
      {"Data", "max_length", &c.max_length, "Training pairs with more words or subwords on a side are left out", 1,
       kAnyNumber},
      {"Data", "lowercase", &c.lowercase, "Lowercase all text, in training and in use"},

      {"Model", "attention", &c.attention,
       "bahdanau (additive scores from the previous decoder state), luong (general scores from the current one) or "
       "none"},
      {"Model", "embedding", &c.embedding, "Size of the word vectors", 1, 1 << 16},
      {"Model", "hidden", &c.hidden, "Size of the decoder's state, and of both encoder directions together; even", 2,
       1 << 16},
      {"Model", "attention_size", &c.attention_size, "Size of the layer inside bahdanau's scores", 1, 1 << 16},
      {"Model", "layers", &c.layers, "Layers of the encoder", 1, 64},
      {"Model", "embedding_deviation", &c.embedding_deviation,
       "Standard deviation of the word vectors at first; with 1, luong learns faster, and with 0.1 bahdanau better", 0,
       100},
      {"Model", "dropout", &c.dropout, "Share of activations dropped in training", 0, 0.95},

      {"Training", "epochs", &c.epochs, "Passes over the training text at most", 1, kAnyNumber, kMayChange},
      {"Training", "max_minutes", &c.max_minutes, "Training time at most; 0 for no limit", 0, kAnyNumber, kMayChange},
      {"Training", "patience", &c.patience, "Stop after so many validations without a better BLEU", 1, kAnyNumber,
       kMayChange},
      {"Training", "batch_size", &c.batch_size, "Sentence pairs in a step", 1, 1 << 20},
      {"Training", "learning_rate", &c.learning_rate, "Adam's learning rate", 0, 100},
      {"Training", "warm_up", &c.warm_up, "Steps in which the learning rate rises to its value", 0, kAnyNumber},
      {"Training", "cosine", &c.cosine, "Let the learning rate fall along a cosine to 0 at the end of the last epoch"},
      {"Training", "learning_rate_decay", &c.learning_rate_decay,
       "Factor on the learning rate after a validation without a better BLEU, unless it follows the cosine", 0, 1},
      {"Training", "label_smoothing", &c.label_smoothing, "Share of the probability given to all words alike", 0, 0.95},
      {"Training", "clip", &c.clip, "Largest norm of the gradient of all parameters together; 0 for no limit", 0,
       kAnyNumber},
      {"Training", "valid_beam", &c.valid_beam, "Beam of the translations made in validation; 1 is greedy search", 1,
       1000, kMayChange},
      {"Training", "seed", &c.seed, "Seed of the initial weights, the order of the text and dropout", 0,
       std::numeric_limits<double>::infinity()},

      {"Machine", "shards", &c.shards, "Parts that a step is cut into, to run side by side; results depend on it", 1,
       1024},
      {"Machine", "threads", &c.threads, "Threads; 0 for as many as there are cores. Results do not depend on it", 0,
       1024, kMayChange},
  };
}

void read_config(const std::string& path, TrainConfig& config) {
  const Json json = parse(path);
  if (!json.is_object()) fail("{}: not a configuration: the file must hold one JSON object", path);

  const std::vector<ConfigField> fields = config_fields(config);
  for (auto entry = json.begin(); entry != json.end(); ++entry) {
    const std::string& key = entry.key();
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.key == key; });
    if (field == fields.end()) fail_unknown(path, key, fields);
    visit_value(*field, [&](auto& value) {
      if (!from_json(*entry, value)) fail("{}: {}: {} is not {}", path, key, entry->dump(), expected(value));
    });
    try {
      field->check();
    } catch (const Error& error) {
      fail("{}: {}", path, error.what());
    }
  }
}

void write_config(const std::string& path, TrainConfig config) {
  Json json;
  for (const ConfigField& field : config_fields(config))
    visit_value(field, [&](const auto& value) { json[field.key] = to_json(value); });
  write_file_atomically(path, json.dump(2) + "\n");
}

}
