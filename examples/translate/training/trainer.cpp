#include "examples/translate/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/base/number.h"
#include "examples/translate/training/configured.h"
#include "examples/translate/training/unigram.h"
#include "examples/translate/training/validation.h"
#include "nn/optim/schedule.h"
#include "nn/rng.h"

namespace gradus::translate {

constexpr std::uint64_t kFirstSteps = 500;  // after which a model should know more than the frequencies of words

Trainer::Trainer(Translator& translator, Corpus corpus, std::string directory, Progress& progress, Transport& transport)
    : translator_(translator),
      config_(translator.config),
      directory_(std::move(directory)),
      tokens_(std::move(corpus.tokens)),
      train_(corpus.train),
      valid_(std::move(corpus.valid)),
      valid_text_(std::move(corpus.valid_text)),
      update_(translator, train_, transport),
      progress_(progress),
      transport_(transport),
      unigram_(unigram_cross_entropy(train_, valid_, translator.target.vocabulary.size())) {
  state_.learning_rate = config_.learning_rate;
  state_.text = fingerprint(train_, valid_);
}

void Trainer::resume() {
  const std::uint64_t text = state_.text;
  state_ = load_training(directory_, translator_, update_.state());
  update_.keep_own_state();
  if (state_.text != 0 && state_.text != text) {
    fail("train: {} began with another training or validation text; a resumed training keeps them", directory_);
  }
  state_.text = text;
  seconds_before_ = state_.seconds;
}

std::unique_ptr<NewModel> Trainer::prepare() {
  return prepare_model(directory_, translator_,
                       [&](const std::string& folder) { save_training(folder, translator_, update_.state(), state_); });
}

Trainer::End Trainer::run() {
  const InterruptGuard interrupt;
  agree();
  session_start_ = clock_;
  saved_ = validated_ = now();
  validated_.step = state_.validated_at;
  if (writes()) {
    // What is written after it is never without something to go on from.
    if (!has_begun(directory_)) save_training(directory_, translator_, update_.state(), state_);
    log_.emplace(ModelFolder(directory_).log, state_.step);
  }
  bool whole = true;  // the last epoch
  for (;;) {
    if (state_.batch == 0) validate_if_due();
    if (stopped_ || out_of_patience() || state_.epoch >= config_.epochs) break;
    if (out_of_time() && state_.best_epoch > 0) break;  // without a model, time is up after the next step only
    whole = run_epoch();
    if (stopped_ || out_of_patience()) break;
    ++state_.epoch;
    state_.batch = 0;
  }
  if (!is_saved()) save();
  if (!stopped_ && config_.average_last > 0) try_mean_of_last();
  if (stopped_) return End::Interrupted;
  if (out_of_patience()) return End::Patience;
  return state_.epoch >= config_.epochs && whole ? End::Epochs : End::Time;
}

void Trainer::save() {
  state_.seconds = seconds();
  update_.gather_state();
  if (writes()) save_training(directory_, translator_, update_.state(), state_);
  update_.keep_own_state();
  saved_ = now();
}

void Trainer::agree() {
  clock_ = seconds_now();
  broadcast(transport_, std::span(&clock_, 1));
  stopped_ = any_rank(transport_, InterruptGuard::raised());
}

Moment Trainer::now() const {
  return {.step = state_.step, .seconds = seconds(), .epochs = state_.epoch, .ends_epoch = state_.batch == 0};
}

bool Trainer::validation_is_due() const {
  const bool at_end_of_epoch = state_.batch == 0;
  if (state_.step == validated_.step) return false;  // nothing was learned since
  if (at_end_of_epoch && is_over()) return true;
  if (config_.validate_every.is_on()) return has_passed(config_.validate_every, validated_, now());
  return at_end_of_epoch && state_.step >= validated_.step + static_cast<std::uint64_t>(config_.valid_steps);
}

double Trainer::seconds() const { return seconds_before_ + clock_ - session_start_; }

double Trainer::time_spent() const {
  return config_.max_minutes > 0 ? std::min(seconds() / (60 * config_.max_minutes), 1.0) : 0;
}

bool Trainer::out_of_time() const { return time_spent() >= 1; }

bool Trainer::is_over() const { return state_.epoch >= config_.epochs || out_of_time(); }

double Trainer::done() const {
  const double in_epoch = static_cast<double>(state_.batch) / static_cast<double>(std::max<size_t>(batches_, 1));
  return std::max((state_.epoch + in_epoch) / config_.epochs, time_spent());
}

double Trainer::learning_rate() const {
  const auto step = static_cast<std::int64_t>(state_.step), warm_up = static_cast<std::int64_t>(config_.warm_up);
  double rate = state_.learning_rate;
  switch (config_.schedule) {
    case Schedule::Cosine: {
      const std::int64_t steps = steps_of_epoch(), total = config_.epochs * steps;
      const std::int64_t at = state_.epoch * steps + state_.batch / config_.accumulate;
      const auto at_time = static_cast<std::int64_t>(time_spent() * static_cast<double>(total));
      return schedule::cosine(rate, std::max(at, at_time), warm_up, total);
    }
    case Schedule::InverseSqrt:
      return schedule::inverse_sqrt(rate, step, warm_up);
    case Schedule::Halving:
      if (state_.epoch >= config_.halve_after) rate = std::ldexp(rate, config_.halve_after - state_.epoch - 1);
      break;
    case Schedule::Plateau:
    case Schedule::Constant:
      break;
  }
  return schedule::constant(rate, step, warm_up);
}

Batches Trainer::batches_of_epoch() const {
  const BatchSize size{.pairs = config_.batch_size, .target_words = config_.batch_tokens, .pool = config_.pool_batches};
  return deal_batches(train_, size, derive_seed(config_.seed, static_cast<std::uint64_t>(state_.epoch)));
}

std::int64_t Trainer::steps_of_epoch() const {
  const auto group = static_cast<size_t>(config_.accumulate);
  return static_cast<std::int64_t>((batches_ + group - 1) / group);
}

Trainer::Forecast Trainer::forecast(double limit) {
  translator_.model.train();
  const Batches batches = batches_of_epoch();
  batches_ = batches.size();
  std::vector<std::int64_t> words;
  for (size_t i = 0; i < batches_; ++i) words.push_back(update_.words_of(batches[i]));
  const auto epoch_words = std::accumulate(words.begin(), words.end(), std::int64_t{0});
  const auto largest = static_cast<size_t>(std::ranges::max_element(words) - words.begin());

  const double start = seconds_now();
  double measured_from = start;
  for (std::size_t i = 0; i < batches_ && seconds_now() - start < limit; ++i) {
    run_step(batches.some(i == 0 ? largest : i == largest ? 0 : i, 1));
    if (i > 0) continue;
    measured_from = seconds_now();  // the first step also makes memory and threads
    round_words_ = 0;
  }
  if (round_words_ == 0) {  // there was one step alone
    measured_from = start;
    round_words_ = state_.words;
  }
  const double speed = static_cast<double>(round_words_) / (seconds_now() - measured_from);
  return {.seconds = static_cast<double>(config_.epochs * epoch_words) / speed,
          .steps = config_.epochs * steps_of_epoch(),
          .words_a_second = speed};
}

bool Trainer::run_epoch() {
  double start = seconds_now() - round_seconds_;
  translator_.model.train();
  const Batches batches = batches_of_epoch();
  batches_ = batches.size();
  while (state_.batch < static_cast<int>(batches_)) {
    if (validate_if_due()) {
      if (out_of_patience() || stopped_) break;
      translator_.model.train();
      start = seconds_now();
    }
    if (has_passed(config_.save_every, saved_, now())) save();
    const auto begin = static_cast<size_t>(state_.batch);
    const size_t count = std::min(static_cast<size_t>(config_.accumulate), batches_ - begin);
    run_step(batches.some(begin, count));
    state_.batch += static_cast<int>(count);
    round_batches_ += static_cast<std::int64_t>(count);
    round_seconds_ = seconds_now() - start;
    if (progress_.due()) show_progress();
    agree();
    if (stopped_ || out_of_time()) break;
  }
  return state_.batch == static_cast<int>(batches_);
}

void Trainer::run_step(std::span<const std::vector<int>> batches) {
  const double rate = learning_rate();
  const auto [loss, norm, words] = update_.make(batches, {.step = state_.step,
                                                          .epoch = state_.epoch,
                                                          .batch = state_.batch,
                                                          .done = done(),
                                                          .learning_rate = rate,
                                                          .baseline = state_.baseline});
  ++state_.step;
  state_.baseline = next_baseline(state_.baseline, loss);
  state_.loss_sum += loss * static_cast<double>(words);
  state_.words += words;
  round_words_ += words;
  if (!log_) return;
  log_->write(TrainingLog::Step{.step = state_.step,
                                .epoch = state_.epoch + 1,
                                .loss = loss,
                                .learning_rate = rate,
                                .gradient_norm = norm,
                                .words = words,
                                .seconds = seconds(),
                                .gradient_norms = update_.gradient_norms()});
}

void Trainer::show_progress() {
  const double per_batch = round_seconds_ / static_cast<double>(round_batches_);
  const double left = per_batch * (static_cast<double>(config_.epochs - state_.epoch) * static_cast<double>(batches_) -
                                   static_cast<double>(state_.batch));
  const double limit =
      config_.max_minutes > 0 ? 60 * config_.max_minutes - seconds() : std::numeric_limits<double>::infinity();
  progress_.show(fmt::format("epoch {}/{}  batch {}/{}  loss {}  lr {:.2g}  {:.0f} tok/s  {} left", state_.epoch + 1,
                             config_.epochs, state_.batch, batches_,
                             readable(state_.loss_sum / static_cast<double>(state_.words), 3),
                             update_.state().optimizer.learning_rate,
                             static_cast<double>(round_words_) / round_seconds_, clock_text(std::min(left, limit))));
}

bool Trainer::validate_if_due() {
  if (!validation_is_due()) return false;
  if (has_much_unsaved()) save();
  try {
    validate();
  } catch (const Interrupted&) {  // it stays due
    agree();
  }
  save();
  return true;
}

void Trainer::validate() {
  translator_.model.eval();
  WeightAverage* const average = update_.average();
  const auto score = [&] {
    const AverageInPlace in_place(average);
    return score_validation(translator_, valid_, valid_text_, update_.pool(), transport_);
  };
  const Validated validated = score();
  const double loss = validated.loss, bleu = validated.bleu;
  const bool at_end_of_epoch = state_.batch == 0;
  const int epoch = at_end_of_epoch ? state_.epoch : state_.epoch + 1;
  const double train_loss = state_.loss_sum / static_cast<double>(state_.words);
  state_.loss_sum = 0;
  state_.words = 0;
  state_.validated_at = state_.step;
  agree();
  state_.seconds = seconds();
  validated_ = now();
  const bool sane = !diverges(loss);
  const bool best = sane && state_.is_beaten_by(bleu, loss), gain = sane && state_.gains_by(bleu, loss);
  state_.lowest_loss = std::min(state_.lowest_loss, loss);
  if (best) {
    state_.best_bleu = bleu;
    state_.best_loss = loss;
    state_.best_epoch = epoch;
  }
  {
    const AverageInPlace in_place(average);
    if (best && writes()) save_best(directory_, translator_, state_);
    state_.without_gain = gain ? 0 : state_.without_gain + 1;
    if (gain) state_.plateau_from = state_.step;
    const int kept = std::max<int>(config_.keep_epochs, config_.average_last);
    if (at_end_of_epoch && kept > 0 && writes()) save_epoch(directory_, translator_, state_, kept);
  }
  if (!gain && config_.schedule == Schedule::Plateau) lower_learning_rate();
  const TrainingLog::Validation validation{.step = state_.step,
                                           .epoch = epoch,
                                           .loss = loss,
                                           .perplexity = std::exp(loss),
                                           .bleu = bleu,
                                           .best = best,
                                           .seconds = state_.seconds,
                                           .samples = first_samples(valid_text_, validated),
                                           .weight_norms = update_.weight_norms()};
  if (log_) log_->write(validation);
  const double speed = static_cast<double>(round_words_) / std::max(round_seconds_, 1e-9);
  progress_.print(validation_line(validation, at_end_of_epoch, train_loss, speed));
  round_seconds_ = 0;
  round_words_ = round_batches_ = 0;
  warn_of(loss);
}

void Trainer::try_mean_of_last() {
  std::vector<std::string> files = kept_epochs(directory_);
  const auto last = static_cast<std::size_t>(config_.average_last);
  if (files.size() > last) files.erase(files.begin(), files.end() - config_.average_last);
  auto count = static_cast<double>(files.size());
  broadcast(transport_, std::span(&count, 1));
  if (count < 2) return;
  std::vector<std::vector<Real>> own;
  for (Parameter* const p : translator_.model.parameters()) own.emplace_back(p->value().begin(), p->value().end());
  translator_.model.eval();
  if (writes()) load_mean(translator_, files);
  broadcast_values();
  try {
    const Validated mean = score_validation(translator_, valid_, valid_text_, update_.pool(), transport_);
    const bool best = !diverges(mean.loss) && state_.is_beaten_by(mean.bleu, mean.loss);
    progress_.print(fmt::format("mean of {:.0f}  valid perplexity {}, BLEU {:.2f}{}", count,
                                readable(std::exp(mean.loss), 2), mean.bleu, best ? ", best" : ""));
    if (best) {
      state_.best_bleu = mean.bleu;
      state_.best_loss = mean.loss;
      state_.best_epoch = state_.epoch;
      if (writes()) save_best(directory_, translator_, state_);
    }
  } catch (const Interrupted&) {  // the next session does it
    agree();
  }
  auto values = own.begin();
  for (Parameter* const p : translator_.model.parameters()) std::ranges::copy(*values++, p->value().begin());
  save();
}

void Trainer::lower_learning_rate() {
  const double floor = kPlateauFloor * config_.learning_rate;
  const auto due = state_.plateau_from + static_cast<std::uint64_t>(config_.plateau_steps);
  if (state_.step < due || state_.learning_rate <= floor) return;
  state_.learning_rate = std::max(floor, config_.learning_rate_decay * state_.learning_rate);
  state_.plateau_from = state_.step;
  for (int i = 0; i < (update_.average() ? 2 : 1); ++i) {  // the weights, and their average
    take_best();
    if (update_.average()) update_.average()->swap();
  }
}

void Trainer::take_best() {
  if (writes()) load_best(directory_, translator_);
  broadcast_values();
}

void Trainer::broadcast_values() {
  for (Parameter* const parameter : translator_.model.parameters()) {
    broadcast(transport_, std::span(parameter->value().data, parameter->size()));
  }
}

bool Trainer::diverges(double loss) const {
  return loss > 2 * std::log(static_cast<double>(translator_.target.vocabulary.size()));
}

void Trainer::warn_of(double loss) {
  if (diverges(loss)) {
    fail(
        "train: epoch {}: the training diverges: the validation text has a cross-entropy of {:.4g} nats a word, and "
        "{:.3g} for who knows the frequencies of words alone; {}",
        state_.epoch, loss, unigram_, update_.lower_rate_hint());
  }
  if (loss < unigram_ || state_.step < kFirstSteps || std::exchange(warned_, true)) return;
  progress_.print(fmt::format(
      "warning     after {} updates the validation text is no better known than by the frequencies of its words "
      "(perplexity {:.1f}): nothing is learned yet; try a higher --learning-rate than {:g}, and look whether "
      "line n of one file translates line n of the other",
      state_.step, std::exp(unigram_), double{config_.learning_rate}));
}

}
