#include "examples/translate/trainer.h"

#include <cmath>
#include <limits>

#include "autograd/error.h"
#include "examples/translate/cores.h"
#include "examples/translate/interrupt.h"
#include "examples/translate/metrics/bleu.h"
#include "examples/translate/text.h"
#include "nn/rng.h"
#include "nn/schedule.h"

namespace gradus::translate {

Trainer::Trainer(Translator& translator, const Corpus& corpus, std::string directory, Progress& progress)
    : translator_(translator),
      config_(translator.config),
      directory_(std::move(directory)),
      train_(corpus.train.encode(translator.source, translator.target)),
      valid_(corpus.valid.encode(translator.source, translator.target)),
      parameters_(translator.model.parameters()),
      parallel_(translator.model, thread_count(config_.threads), config_.shards),
      optimizer_(parameters_, {.learning_rate = config_.learning_rate}),
      shards_(config_.shards),
      progress_(progress) {
  state_.learning_rate = config_.learning_rate;
  for (size_t i = 0; i < corpus.valid.size(); ++i) {
    valid_source_.push_back(join_words(corpus.valid.source[i]));
    valid_target_.push_back(translator.display(corpus.valid.target[i]));
  }
}

void Trainer::resume() {
  state_ = load_training(directory_, translator_, optimizer_);
  seconds_before_ = state_.seconds;
}

Trainer::End Trainer::run() {
  const InterruptGuard interrupt;
  session_start_ = seconds_now();
  while (state_.epoch < config_.epochs && state_.without_gain < config_.patience && !out_of_time()) {
    run_epoch();
    if (!InterruptGuard::raised()) validate();
    state_.seconds = seconds();
    save_training(directory_, translator_, optimizer_, state_);
    if (InterruptGuard::raised()) return End::Interrupted;
  }
  if (state_.without_gain >= config_.patience) return End::Patience;
  return state_.epoch >= config_.epochs ? End::Epochs : End::Time;
}

double Trainer::seconds() const { return seconds_before_ + seconds_now() - session_start_; }

bool Trainer::out_of_time() const { return config_.max_minutes > 0 && seconds() >= 60 * config_.max_minutes; }

double Trainer::learning_rate() const {
  const auto step = static_cast<std::int64_t>(state_.step), warm_up = static_cast<std::int64_t>(config_.warm_up);
  if (config_.cosine) {
    const auto batches = static_cast<std::int64_t>((train_.size() + config_.batch_size - 1) / config_.batch_size);
    return schedule::cosine(state_.learning_rate, step, warm_up, config_.epochs * batches);
  }
  return step < warm_up ? state_.learning_rate * static_cast<double>(step) / static_cast<double>(warm_up)
                        : state_.learning_rate;
}

void Trainer::run_epoch() {
  const double start = seconds_now();
  epoch_seconds_ = 0;
  epoch_words_ = epoch_batches_ = 0;
  translator_.model.train();
  const std::vector<std::vector<int>> batches =
      deal_batches(train_, config_.batch_size, derive_seed(config_.seed, static_cast<std::uint64_t>(state_.epoch)));
  const auto count = static_cast<int>(batches.size());
  while (state_.batch < count) {
    run_step(batches[state_.batch++]);
    epoch_seconds_ = seconds_now() - start;
    if (progress_.due()) show_progress(batches.size());
    if (InterruptGuard::raised() || out_of_time()) break;
  }
}

void Trainer::run_step(const std::vector<int>& batch) {
  std::int64_t words = 0;
  for (int pair : batch) words += static_cast<std::int64_t>(train_[pair].target.size());
  const std::vector<std::vector<int>> parts = cut_shards(train_, batch, config_.shards);

  const auto smoothing = static_cast<Real>(config_.label_smoothing);
  const double loss = parallel_.step(derive_seed(config_.seed, state_.step), [&](int shard) -> Tensor {
    if (parts[shard].empty()) return {};
    shards_[shard] = make_batch(train_, parts[shard]);
    return translator_.model.loss(shards_[shard], smoothing, static_cast<Real>(words));
  });
  const double norm = grad_norm(parameters_, &parallel_.pool());
  if (!std::isfinite(loss) || !std::isfinite(norm)) {
    fail("train: the loss is {} and the gradient's norm {} at step {}; try a lower --learning-rate", loss, norm,
         state_.step + 1);
  }
  const double scale = config_.clip > 0 ? clip_factor(norm, config_.clip) : 1;
  optimizer_.learning_rate = learning_rate();
  optimizer_.step({.grad_scale = scale, .zero_grads = true, .pool = &parallel_.pool()});

  ++state_.step;
  state_.loss_sum += loss * static_cast<double>(words);
  state_.words += words;
  epoch_words_ += words;
  ++epoch_batches_;
}

void Trainer::show_progress(size_t batches) {
  const double per_batch = epoch_seconds_ / static_cast<double>(epoch_batches_);
  const double left = per_batch * (static_cast<double>(config_.epochs - state_.epoch) * static_cast<double>(batches) -
                                   static_cast<double>(state_.batch));
  const double limit =
      config_.max_minutes > 0 ? 60 * config_.max_minutes - seconds() : std::numeric_limits<double>::infinity();
  progress_.show(fmt::format("epoch {}/{}  batch {}/{}  loss {:.3f}  lr {:.2g}  {:.0f} tok/s  {} left",
                             state_.epoch + 1, config_.epochs, state_.batch, batches,
                             state_.loss_sum / static_cast<double>(state_.words), optimizer_.learning_rate,
                             static_cast<double>(epoch_words_) / epoch_seconds_, clock_text(std::min(left, limit))));
}

void Trainer::validate() {
  translator_.model.eval();
  const double loss = cross_entropy(translator_.model, valid_, parallel_.pool());
  const SearchOptions options{.beam = config_.valid_beam};
  const std::vector<std::string> translations = translator_.translate(valid_source_, options, parallel_.pool());
  const double bleu = corpus_bleu(translations, valid_target_, {.tokenizer = Tokenizer::kNone}).score;

  const double train_loss = state_.loss_sum / static_cast<double>(state_.words);
  const double rate = optimizer_.learning_rate;
  ++state_.epoch;
  state_.batch = 0;
  state_.loss_sum = 0;
  state_.words = 0;
  state_.seconds = seconds();
  const bool best = bleu > state_.best_bleu || (bleu == state_.best_bleu && loss < state_.best_loss);
  if (best) {
    state_.best_bleu = bleu;
    state_.best_loss = loss;
    state_.best_epoch = state_.epoch;
    state_.without_gain = 0;
    save_best(directory_, translator_, state_);
  } else {
    ++state_.without_gain;
    if (!config_.cosine) state_.learning_rate *= config_.learning_rate_decay;
  }
  progress_.print(
      fmt::format("epoch {:>2}  loss {:.3f}  lr {:.2g}  {:.0f} tok/s  validation: perplexity {:.2f}, BLEU {:.2f}{}  {}",
                  state_.epoch, train_loss, rate, static_cast<double>(epoch_words_) / std::max(epoch_seconds_, 1e-9),
                  std::exp(loss), bleu, best ? " (best)" : "", clock_text(state_.seconds)));
}

}
