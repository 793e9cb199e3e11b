#include "examples/translate/recipe/recipe.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "examples/translate/config/config_file.h"
#include "examples/translate/data/corpus.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

/// What grows with the text, more slowly than the text: `at_usual` for kUsualWords words of both sides.
struct Growth {
  double at_usual, power;

  double operator()(std::size_t words) const {
    return at_usual * std::pow(static_cast<double>(words) / kUsualWords, power);
  }
  static constexpr double kUsualWords = 46000;  // about 2,000 pairs of sentences
};

constexpr Growth kPieces{1500, 0.63};      // of a vocabulary of subwords
constexpr Growth kStepGrowth{3000, 0.42};  // of the whole training
constexpr Growth kStepWords{200, 0.26};    // target words of a step
constexpr double kMoreSteps = 2;           // times as many, if a limit of time ends them

constexpr double kMostPieces = 16000;
constexpr std::size_t kBytesAndSpecial = 260;  // pieces that any vocabulary of subwords has
constexpr double kPiecesOfAWord = 1.6;         // about, also where the text is unlike its most frequent words
constexpr int kLongest = 400;                  // subwords of a line, beyond which memory and time grow too much
constexpr double kRelated = 0.6;  // share of letters in common from which one vocabulary serves both languages
constexpr double kLeastSteps = 2000;
constexpr std::size_t kFewWords = 30000;    // for less text words are learned better than subwords
constexpr std::size_t kManyWords = 300000;  // from which on a larger model pays

/// A field and the value that it is to have.
struct Choice {
  const char* key;
  Json value;
};

/// Decides one thing after another.
class Decider {
 public:
  Decider(TrainConfig& config, Origins& origins, const TextFacts& facts)
      : config_(config), origins_(origins), facts_(facts), fields_(config.fields()) {}

  std::vector<Decision> all() {
    cut_text();
    switch (config_.architecture) {
      case Architecture::Recurrent:
        shape_recurrent();
        break;
      case Architecture::Transformer:
        shape_transformer();
        break;
      case Architecture::Convolution:
        shape_convolution();
        break;
    }
    if (config_.joint) choose({{"tied_embeddings", "all"}}, "one vocabulary, one table of vectors");
    regularise();
    plan_steps();
    return std::move(decisions_);
  }

 private:
  bool is_free(const char* key) const { return origin_of(origins_, key) == Origin::Default; }

  /// Sets those of the fields that nobody has set.
  void choose(std::initializer_list<Choice> choices, std::string reason) {
    std::string options;
    for (const auto& [key, value] : choices) {
      if (!is_free(key)) continue;
      const ConfigField& field = *std::ranges::find(fields_, std::string_view(key), &ConfigField::key);
      set_field("recipe", field, value);
      origins_[key] = Origin::Text;
      if (!options.empty()) options += ' ';
      options += field.assignment();
    }
    if (!options.empty()) decisions_.push_back({std::move(options), std::move(reason)});
  }

  void cut_text();
  void shape_recurrent();
  void shape_transformer();
  void shape_convolution();
  void regularise();
  void plan_steps();

  std::size_t words() const { return facts_.source.words + facts_.target.words; }
  bool is_tiny() const { return words() < kFewWords; }
  double steps_of_epoch() const;

  TrainConfig& config_;
  Origins& origins_;
  const TextFacts& facts_;
  std::vector<ConfigField> fields_;
  std::vector<Decision> decisions_;
};

/// `value` rounded up to a multiple of `unit`.
int rounded_up(double value, int unit) { return static_cast<int>(std::ceil(value / unit)) * unit; }

void Decider::cut_text() {
  const bool related = facts_.shared_letters > kRelated;
  if (config_.subword_dropout > 0 || config_.subword_sampling > 0) {
    choose({{"tokenizer", config_.subword_dropout > 0 ? "bpe" : "unigram"}}, "whose subwords are to be drawn");
  } else if (!facts_.is_raw()) {
    choose({{"tokenizer", "whitespace"}}, "tokenised text, punctuation stands alone");
  } else if (facts_.has_spaces() && is_tiny()) {
    choose({{"tokenizer", "words"}}, "raw text, and too little of it to learn subwords");
  } else {
    choose({{"tokenizer", "bpe"}},
           facts_.has_spaces() ? "raw text, punctuation touches words" : "words do not stand between spaces");
  }
  if (is_subword(config_.tokenizer)) {
    choose({{"joint", related}},
           related ? "both languages use the same letters" : "the languages use different letters");
    const double least = static_cast<double>(kBytesAndSpecial + 2 * facts_.letters);
    choose({{"vocabulary_size", rounded_up(std::max(least, std::min(kPieces(words()), kMostPieces)), 100)}},
           fmt::format("for {} words of text", words()));
  }
  const auto longest = std::max(facts_.source.longest, facts_.target.longest);
  const double pieces_of_a_word = is_subword(config_.tokenizer) ? kPiecesOfAWord : 1;
  if (const double needed = pieces_of_a_word * static_cast<double>(longest); needed > config_.max_length) {
    choose({{"max_length", std::min(rounded_up(needed, 50), kLongest)}},
           fmt::format("lines have up to {} words", longest));
  }
}

void Decider::shape_recurrent() {
  const int size = words() < kManyWords ? 256 : 512;
  choose({{"embedding", 256}, {"hidden", size}, {"attention_size", size}},
         fmt::format("for {} words of text", words()));
  if (config_.attention.present && config_.attention.kind() == AttentionKind::Luong)
    choose({{"embedding_deviation", 1}}, "general scores learn faster so");
}

void Decider::shape_transformer() {
  // One of the sizes may have been given; the other has to be the same.
  const int size = !is_free("hidden") ? config_.hidden : !is_free("embedding") ? config_.embedding : 256;
  int heads = 4;
  while (size % heads != 0) --heads;
  choose({{"embedding", size}, {"hidden", size}, {"heads", heads}, {"feed_forward", 2 * size}},
         fmt::format("for {} words of text", words()));
  choose({{"encoder_layers", 3}, {"decoder_layers", 3}, {"embedding_deviation", 1}},
         "three layers suffice for sentences");
}

void Decider::shape_convolution() {
  choose({{"embedding", 256}, {"hidden", 256}}, fmt::format("for {} words of text", words()));
  choose({{"encoder_layers", 4}, {"decoder_layers", 3}}, "a word then sees those of a sentence");
}

void Decider::regularise() {
  choose({{"dropout", is_tiny() ? 0.5 : 0.4}}, "so that no sentence is learned by heart");
  if (config_.architecture != Architecture::Recurrent) return;
  choose({{"recurrent_dropout", 0.2}, {"word_dropout", 0.1}}, "likewise");
}

void Decider::plan_steps() {
  if (config_.batch_tokens == 0) {
    const double length = static_cast<double>(facts_.target.words) / static_cast<double>(facts_.pairs);
    choose({{"batch_size", rounded_up(kStepWords(words()) / length, 4)}},
           fmt::format("about {:.0f} words of the target", kStepWords(words())));
  }
  switch (config_.optimizer) {
    case OptimizerKind::Adam:
      choose({{"learning_rate", config_.architecture == Architecture::Recurrent ? 0.002 : 0.001}}, "what suits adam");
      break;
    case OptimizerKind::Sgd:
    case OptimizerKind::Adadelta:
      choose({{"learning_rate", 1.0}}, fmt::format("what suits {}", name_of(config_.optimizer)));
      break;
  }
  choose({{"schedule", "cosine"}, {"warm_up", 200}}, "the rate ends at 0");
  const double steps = std::max(kLeastSteps, kStepGrowth(words())) * (config_.max_minutes > 0 ? kMoreSteps : 1);
  const auto epochs = static_cast<int>(std::lround(steps / std::max(1.0, steps_of_epoch())));
  choose({{"epochs", std::max(1, epochs)}},
         fmt::format("{:.0f} steps, {:.0f} an epoch", steps, std::ceil(steps_of_epoch())));
  choose({{"patience", 20}}, "low rates often gain once more");
}

double Decider::steps_of_epoch() const {
  const double batches = config_.batch_tokens > 0 ? static_cast<double>(facts_.target.words) / config_.batch_tokens
                                                  : static_cast<double>(facts_.pairs) / config_.batch_size;
  return batches / config_.accumulate;
}

}

std::vector<Decision> decide(TrainConfig& config, Origins& origins, const TextFacts& facts) {
  return Decider(config, origins, facts).all();
}

}
