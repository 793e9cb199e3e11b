#include "examples/translate/config/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

constexpr double kAnyNumber = 1e9;

template <class T>
constexpr bool kIsNumber = std::is_same_v<T, int> || std::is_same_v<T, double> || std::is_same_v<T, std::uint64_t>;

}

TrainConfig TrainConfig::toy_preset() {
  TrainConfig config;
  config.toy = true;
  config.min_frequency = 1;
  config.lowercase = true;
  config.embedding = config.hidden = config.attention.size = 64;
  config.embedding_deviation = 1;
  config.dropout = 0.1;
  config.epochs = 7;
  config.batch_size = 32;
  config.learning_rate = 6e-3;
  config.schedule = Schedule::Cosine;
  config.label_smoothing = 0;
  return config;
}

ModelConfig TrainConfig::model(size_t source_words, size_t target_words) const {
  const auto rate = [&](double own) { return static_cast<Real>(own == kAsDropout ? dropout : own); };
  return {.architecture = architecture,
          .attention = attention,
          .cell = cell,
          .source_words = static_cast<int>(source_words),
          .target_words = static_cast<int>(target_words),
          .embedding = embedding,
          .hidden = hidden,
          .encoder_layers = encoder_layers,
          .decoder_layers = decoder_layers,
          .bidirectional = bidirectional,
          .residual = residual,
          .layer_norm = layer_norm,
          .reverse_source = reverse_source,
          .feed_forward = feed_forward,
          .pre_norm = pre_norm,
          .bridge = bridge,
          .fixed_context = fixed_context,
          .readout = readout,
          .initial_values = initial_values,
          .tied_embeddings = tied_embeddings,
          .embedding_dropout = rate(embedding_dropout),
          .layer_dropout = rate(layer_dropout),
          .output_dropout = rate(output_dropout),
          .recurrent_dropout = static_cast<Real>(recurrent_dropout),
          .word_dropout = static_cast<Real>(word_dropout),
          .embedding_deviation = embedding_deviation};
}

void TrainConfig::check_architecture() const {
  // What a Transformer has, and what is never more than a size.
  constexpr std::array kOfTransformer{"architecture",
                                      "embedding",
                                      "hidden",
                                      "attention_size",
                                      "heads",
                                      "window",
                                      "positions",
                                      "encoder_layers",
                                      "decoder_layers",
                                      "dropout",
                                      "embedding_dropout",
                                      "layer_dropout",
                                      "feed_forward",
                                      "pre_norm",
                                      "tied_embeddings",
                                      "word_dropout",
                                      "initial_values",
                                      "embedding_deviation"};
  constexpr std::array kOfAttention{"score",         "scope",    "normalizer",  "attend",
                                    "input_feeding", "coverage", "context_gate"};
  const auto is_one_of = [](const auto& keys, std::string_view key) { return std::ranges::count(keys, key) > 0; };
  const auto missing_part = [&](std::string_view key) -> const char* {
    if (architecture == Architecture::Transformer) return is_one_of(kOfTransformer, key) ? nullptr : "to a transformer";
    if (key == "pre_norm") return "to a recurrent model";
    if (!attention.present && is_one_of(kOfAttention, key)) return "without attention";
    return nullptr;
  };
  TrainConfig own = *this, defaults;
  const std::vector<ConfigField> fields = config_fields(own), at_first = config_fields(defaults);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view key = fields[i].key;
    const bool is_part = std::string_view(fields[i].group) == "Model" || key == "scheduled_sampling";
    if (!is_part || fields[i].equals(at_first[i])) continue;
    if (const char* missing = missing_part(key))
      fail("{}: {} means nothing {}; leave it at {}", key, fields[i].text(), missing, at_first[i].text());
  }
}

std::string ConfigField::option() const {
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

std::string ConfigField::text() const {
  return visit([](const auto& value) -> std::string {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return fmt::format("{}", fmt::join(value, " "));
    } else if constexpr (std::is_same_v<T, ChoiceReference>) {
      return value.name();
    } else {
      return fmt::format("{}", value);
    }
  });
}

void ConfigField::check() const {
  visit([&](const auto& value) {
    if constexpr (kIsNumber<std::decay_t<decltype(value)>>) {
      const double number = static_cast<double>(value);
      if (min == TrainConfig::kAsDropout && number < 0 && number != min) {
        fail("{}: {} is too small; need at least 0, or {}: as dropout", key, value, min);
      }
      if (!(number >= min)) fail("{}: {} is too small; need at least {}", key, value, min);
      if (number > max) fail("{}: {} is too large; need at most {}", key, value, max);
    }
  });
}

void ConfigField::assign(const ConfigField& other) const {
  visit([&]<class T>(T& value) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, ChoiceReference>) {
      value.parse(std::get<ChoiceReference>(other.value).name());
    } else {
      value = *std::get<T*>(other.value);
    }
  });
}

bool ConfigField::equals(const ConfigField& other) const {
  return visit([&]<class T>(T& value) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, ChoiceReference>) {
      return value.name() == std::string_view(std::get<ChoiceReference>(other.value).name());
    } else {
      return value == *std::get<T*>(other.value);
    }
  });
}

std::vector<ConfigField> config_fields(TrainConfig& c) {
  constexpr bool kMayChange = false;
  constexpr double kAs = TrainConfig::kAsDropout;
  return {
      {"Data", "train", &c.train, "Training text: two files of as many lines, line n of TGT translates line n of SRC",
       0, 0, kMayChange},
      {"Data", "valid", &c.valid, "Validation text, which decides what the best model is", 0, 0, kMayChange},
      {"Data", "toy", &c.toy, "Train on the built-in toy language, English to French, with a small model"},
      {"Data", "tokenizer", &c.tokenizer,
       "whitespace (the text is tokenised already), words (raw text; splits off punctuation), bpe or unigram (raw "
       "text; learns subwords, so that no word is unknown)"},
      {"Data", "vocabulary_size", &c.vocabulary_size,
       "Words or subwords of each language, 4 special ones included; 0 for 8000 subwords, or for words without limit",
       0, kAnyNumber},
      {"Data", "joint", &c.joint, "One vocabulary for both languages, learned from both sides of the training text"},
      {"Data", "min_frequency", &c.min_frequency,
       "Words that occur less often in the training text become <unk>; without effect on subwords", 1, kAnyNumber},
      {"Data", "max_length", &c.max_length, "Training pairs with more words or subwords on a side are left out", 1,
       kAnyNumber},
      {"Data", "lowercase", &c.lowercase, "Lowercase all text, in training and in use"},

      {"Model", "architecture", &c.architecture,
       "recurrent, or transformer: attention alone, in --encoder-layers and --decoder-layers of size --hidden, which "
       "must be that of --embedding, with --heads, --feed-forward and --pre-norm"},
      {"Model", "attention", &c.attention,
       "The combination of a paper, which the next options change: bahdanau (additive scores, attention before the "
       "recurrence), luong (scaled general scores, after it, with input feeding) or none"},
      {"Model", "score", &c.attention.score, "How well a state of the encoder answers the query of the decoder"},
      {"Model", "scope", &c.attention.scope,
       "Positions that are attended to: all (global), or those around the number of the target word (local-m) or "
       "around a predicted position (local-p), or a single one that training draws (hard)"},
      {"Model", "normalizer", &c.attention.normalizer, "What makes weights of scores"},
      {"Model", "attend", &c.attention.attend, "Attend before the recurrence or after it"},
      {"Model", "input_feeding", &c.attention.input_feeding,
       "A step also reads the vector that the step before predicted its word from"},
      {"Model", "coverage", &c.attention.coverage, "Scores know how much each position was attended to already"},
      {"Model", "context_gate", &c.attention.context_gate, "A gate decides how much of the context to let through"},
      {"Model", "cell", &c.cell,
       "lstm, gru as PyTorch has it, or the published one (gru-reset-before), which is slower"},
      {"Model", "embedding", &c.embedding, "Size of the word vectors", 1, 1 << 16},
      {"Model", "hidden", &c.hidden, "Size of the decoder's state, and of both encoder directions together; then even",
       2, 1 << 16},
      {"Model", "attention_size", &c.attention.size, "Size of the layer inside additive and concat scores", 1, 1 << 16},
      {"Model", "heads", &c.attention.heads, "Heads of multi-head scores or of a transformer; must divide --hidden", 1,
       1024},
      {"Model", "window", &c.attention.window, "Positions on each side that local scopes see", 0, kAnyNumber},
      {"Model", "positions", &c.attention.positions, "Positions that location scores know", 1, 1 << 16},
      {"Model", "encoder_layers", &c.encoder_layers, "Layers of the encoder", 1, 64},
      {"Model", "decoder_layers", &c.decoder_layers, "Layers of the decoder", 1, 64},
      {"Model", "bidirectional", &c.bidirectional, "The encoder reads in both directions; the default"},
      {"Model", "reverse_source", &c.reverse_source, "The encoder reads from the last word to the first"},
      {"Model", "residual", &c.residual, "Layers above the first add their input to their output"},
      {"Model", "layer_norm", &c.layer_norm, "Cells normalise their sums; slower, since it is not fused"},
      {"Model", "feed_forward", &c.feed_forward, "Size of the layer inside a transformer's feed-forward nets", 1,
       1 << 16},
      {"Model", "pre_norm", &c.pre_norm,
       "A transformer normalises what its sub-layers read (the default), or, as in the paper, what they leave"},
      {"Model", "bridge", &c.bridge,
       "What the decoder begins with: the encoder's last states, the mean of all, zero, learned values, the last state "
       "of the backward direction alone, or a copy of the last states, layer by layer"},
      {"Model", "fixed_context", &c.fixed_context,
       "Without attention: every step and the output also read the summary of the source that the bridge reads"},
      {"Model", "readout", &c.readout, "What stands before the output layer: a tanh layer, a maxout layer, or nothing"},
      {"Model", "initial_values", &c.initial_values,
       "The first values of the parameters: Xavier's (xavier), or those of the papers"},
      {"Model", "tied_embeddings", &c.tied_embeddings,
       "One table of word vectors for the decoder's words and the output layer (target), or for the encoder's words "
       "too (all), which need a joint vocabulary"},
      {"Model", "embedding_deviation", &c.embedding_deviation,
       "Standard deviation of the word vectors at first; with 1, luong learns faster, and with 0.1 bahdanau better", 0,
       100},
      {"Model", "dropout", &c.dropout, "Share of activations dropped in training", 0, 0.95},
      {"Model", "embedding_dropout", &c.embedding_dropout, "The same for word vectors; -1: as --dropout", kAs, 0.95},
      {"Model", "layer_dropout", &c.layer_dropout, "The same between layers; -1: as --dropout", kAs, 0.95},
      {"Model", "output_dropout", &c.output_dropout, "The same before the output layer; -1: as --dropout", kAs, 0.95},
      {"Model", "recurrent_dropout", &c.recurrent_dropout,
       "Share of the hidden state that a sentence's steps do not pass on, the same at all of them", 0, 0.95},
      {"Model", "word_dropout", &c.word_dropout, "Share of words whose vectors are dropped as a whole", 0, 0.95},

      {"Training", "epochs", &c.epochs, "Passes over the training text at most", 1, kAnyNumber, kMayChange},
      {"Training", "max_minutes", &c.max_minutes,
       "Training time at most; the epoch in which it ends is cut short for good; 0 for no limit", 0, kAnyNumber,
       kMayChange},
      {"Training", "patience", &c.patience, "Stop after so many validations without a better BLEU", 1, kAnyNumber,
       kMayChange},
      {"Training", "batch_size", &c.batch_size, "Sentence pairs in a batch", 1, 1 << 20},
      {"Training", "batch_tokens", &c.batch_tokens,
       "Target words in a batch instead of a number of pairs; 0 for --batch-size pairs", 0, kAnyNumber},
      {"Training", "pool_batches", &c.pool_batches, "Batches whose sentences are sorted by length together", 1,
       1 << 20},
      {"Training", "accumulate", &c.accumulate, "Batches whose gradients make one step", 1, 1 << 20},
      {"Training", "optimizer", &c.optimizer, "adam, sgd or adadelta"},
      {"Training", "learning_rate", &c.learning_rate, "Learning rate, after the warm-up", 0, 100},
      {"Training", "schedule", &c.schedule,
       "How the learning rate goes on: falling when BLEU does not rise (plateau), to 0 at the end of the last epoch "
       "(cosine), with the root of the steps (inverse-sqrt), by half an epoch (halving), or not at all (constant)"},
      {"Training", "warm_up", &c.warm_up, "Steps in which the learning rate rises to its value", 0, kAnyNumber},
      {"Training", "learning_rate_decay", &c.learning_rate_decay, "Factor on the learning rate of schedule plateau", 0,
       1},
      {"Training", "halve_after", &c.halve_after, "Epochs before schedule halving begins", 0, kAnyNumber},
      {"Training", "weight_decay", &c.weight_decay,
       "Share of the weights that a step with learning rate 1 takes from them (with adam: AdamW)", 0, 100},
      {"Training", "label_smoothing", &c.label_smoothing, "Share of the probability given to all words alike", 0, 0.95},
      {"Training", "clip", &c.clip, "Largest norm of the gradient of all parameters together; 0 for no limit", 0,
       kAnyNumber},
      {"Training", "loss_mean", &c.loss_mean,
       "What the loss of a step is the mean over, which sgd and the limit of the norm see: words or sentences"},
      {"Training", "average_decay", &c.average_decay,
       "Decay of the moving average of the weights, which is what is validated and saved; 0 for no average", 0,
       0.999999},
      {"Training", "scheduled_sampling", &c.scheduled_sampling,
       "Share of words that the decoder reads from itself in training, reached evenly over all epochs", 0, 1},
      {"Training", "reinforce_weight", &c.reinforce_weight,
       "Weight of what hard attention learns from the positions it drew, beside what it learns as soft attention", 0,
       100},
      {"Training", "reinforce_discount", &c.reinforce_discount,
       "Share of the next word's loss that a drawn position answers for; of the one after that the square, and so on",
       0, 1},
      {"Training", "entropy_weight", &c.entropy_weight,
       "Weight of the entropy of hard attention, which keeps it from settling too soon", 0, 100},
      {"Training", "keep_epochs", &c.keep_epochs, "Last epochs whose models are kept in the folder, for gradus average",
       0, kAnyNumber, kMayChange},
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

}
