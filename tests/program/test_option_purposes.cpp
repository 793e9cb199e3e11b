#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "examples/translate/metrics/alignment_error.h"
#include "examples/translate/metrics/bleu.h"
#include "examples/translate/metrics/lag.h"
#include "examples/translate/report/alignment_report.h"
#include "examples/translate/search/scoring.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/translator/attention_alignment.h"
#include "examples/translate/translator/ensemble.h"
#include "examples/translate/translator/translate.h"
#include "examples/translate/translator/translation_output.h"
#include "nn/storage/safetensors.h"
#include "tests/program/trained_toy.h"

/// Options are there for a purpose: what they gain, on models that have learnt some of the toy language.

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr std::size_t kSentences = 300;

std::vector<std::string> first_of(const std::vector<std::string>& lines) {
  return {lines.begin(), lines.begin() + kSentences};
}

double bleu_of(std::span<Translator* const> models, const SearchOptions& options) {
  ThreadPool pool(2);
  const auto translations = best_translations(models, first_of(trained_toy().test.source), options, pool);
  return corpus_bleu(translations, first_of(trained_toy().test.target), {.tokenizer = Tokenizer::kNone}).score;
}

/// The mean cross-entropy of a word of the test sentences.
double loss_of(Translator& translator) {
  ThreadPool pool(2);
  const ParallelText& test = trained_toy().test;
  const std::vector<Pair> pairs = translator.encode({first_of(test.source), first_of(test.target), {}, 0});
  translator.model.eval();
  return cross_entropy(translator.model, pairs, pool);
}

/// The loss of several models together.
double ensemble_loss(const Ensemble& ensemble) {
  ThreadPool pool(2);
  const ParallelText& test = trained_toy().test;
  return cross_entropy(ensemble.models(), {first_of(test.source), first_of(test.target), {}, 0}, pool);
}

/// -Σ p log p of the words of the validation text, in the mean, in nats.
double entropy(Translator& translator, Pairs pairs) {
  return mean_over_words(translator.model, pairs, [](std::span<const Real> scores, int) {
    double exponentials = 0, weighted = 0;
    for (const Real score : scores) {
      const double weight = std::exp(static_cast<double>(score));
      exponentials += weight;
      weighted += weight * static_cast<double>(score);
    }
    return std::log(exponentials) - weighted / exponentials;
  });
}

}

TEST_CASE("purpose: a beam finds better translations than greedy search") {
  const Ensemble one({trained_toy().a});
  const double greedy = bleu_of(one.models(), {.beam = 1}), beam = bleu_of(one.models(), {.beam = 5});
  MESSAGE("greedy ", greedy, ", beam ", beam);
  CHECK(greedy > 30);
  CHECK(beam > greedy);
}

TEST_CASE("purpose: two models together are better than either alone") {
  const Ensemble a({trained_toy().a}), b({trained_toy().b}), both({trained_toy().a, trained_toy().b});
  const double loss_a = ensemble_loss(a), loss_b = ensemble_loss(b), loss_both = ensemble_loss(both);
  MESSAGE("loss ", loss_a, ", ", loss_b, ", together ", loss_both);
  CHECK(loss_both < 0.97 * (loss_a + loss_b) / 2);
  const SearchOptions options{.beam = 1};
  const double bleu_a = bleu_of(a.models(), options), bleu_b = bleu_of(b.models(), options),
               bleu_both = bleu_of(both.models(), options);
  MESSAGE("BLEU ", bleu_a, ", ", bleu_b, ", together ", bleu_both);
  CHECK(bleu_both > (bleu_a + bleu_b) / 2);
}

TEST_CASE("purpose: the moving average of the weights is better than the last ones when the learning rate is high") {
  TrainConfig config = trained_toy_config();
  config.schedule = Schedule::Constant;
  config.learning_rate = 0.015;
  config.epochs = 3;
  config.average_decay = 0.98;
  config.keep_epochs = 1;
  const TrainingRun run(config);
  const double last = loss_of(*run.translator);
  load(run.translator->model, kept_epochs(run.folder.path()).back());
  const double average = loss_of(*run.translator);
  MESSAGE("last ", last, ", moving average ", average);
  CHECK(average < 0.95 * last);
}

TEST_CASE("purpose: attention that decides how far to read learns to translate before the sentence ends") {
  for (const ScopeKind scope : {"monotonic", "mocha"}) {
    TrainConfig config = trained_toy_config();
    config.epochs = 3;
    config.attention.scope = scope;
    config.bidirectional = false;
    config.bridge = Bridge::Zero;
    const TrainingRun run(config);
    Translator* const model = run.translator.get();
    const std::vector<std::string> lines = first_of(trained_toy().test.source);
    std::vector<Lag> lags;
    ThreadPool pool(2);
    for (const Translation& found : translate_lines({&model, 1}, lines, 0, {.beam = 1, .delays = true}, pool)) {
      lags.push_back(lag_of(found.n_best.front().delays, static_cast<int>(found.source.size()) + 1));
    }
    const double bleu = bleu_of({&model, 1}, {.beam = 1});
    const Lag lag = mean_of(lags);
    MESSAGE(std::string(name_of(scope)), ": BLEU ", bleu, ", Average Lagging ", lag.average_lagging, ", Proportion ",
            lag.average_proportion);
    CHECK(bleu > 20);
    CHECK(lag.average_lagging < 5);
    CHECK(lag.average_proportion < 0.9);
  }
}

TEST_CASE("purpose: unknown words are replaced by the names that stand in the source") {
  const TrainedToy& toy = trained_toy();
  const Ensemble one({toy.a});
  ThreadPool pool(2);
  const TranslationWriter writer(one.first(), {.replace_unknown = true}, {});
  const SearchOptions options{.beam = 5, .unknown = true, .attention = true};
  const auto found = translate_lines(one.models(), toy.names.source, 0, options, pool);
  REQUIRE(found.size() > 50);
  std::size_t recovered = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string line = writer.write(found[i], toy.names.source[i], i);
    const std::string& target = toy.names.target[i];
    const std::size_t digit = target.find_first_of("0123456789"), end = target.find(' ', digit);
    const std::size_t begin = target.rfind(' ', digit) + 1;  // 0 if there is none
    recovered += line.find(target.substr(begin, end - begin)) != std::string::npos;
  }
  MESSAGE("recovered ", recovered, " of ", found.size());
  CHECK(recovered > found.size() / 2);
}

TEST_CASE("purpose: the coverage penalty makes translations attend to more of the source") {
  const Ensemble one({trained_toy().a});
  ThreadPool pool(2);
  const std::vector<std::string> lines = first_of(trained_toy().test.source);
  const auto total = [&](double penalty) {
    const SearchOptions options{.coverage_penalty = penalty, .attention = true};
    double sum = 0;
    for (const Translation& found : translate_lines(one.models(), lines, 0, options, pool))
      sum += coverage(found.n_best[0].attention, static_cast<int>(found.source.size()) + 1);
    return sum / kSentences;
  };
  const double without = total(0), with = total(1);
  MESSAGE("coverage ", without, ", with the penalty ", with);
  CHECK(with > without + 0.01);
}

TEST_CASE("purpose: attention finds the true alignments, with less than half of the errors of the diagonal") {
  const TrainedToy& toy = trained_toy();
  const Ensemble one({toy.a});
  ThreadPool pool(2);
  std::vector<std::vector<Link>> diagonal;
  for (std::size_t i = 0; i < toy.test.source.size(); ++i) {
    const int source = static_cast<int>(split_words(toy.test.source[i]).size());
    const int target = static_cast<int>(split_words(toy.test.target[i]).size());
    std::vector<Link>& links = diagonal.emplace_back();
    for (int t = 0; t < target; ++t) links.push_back({t * source / target, t});
  }
  const double attention = alignment_error(align_pairs(one.models(), toy.test, pool), toy.alignments).rate();
  const double trivial = alignment_error(diagonal, toy.alignments).rate();
  MESSAGE("AER ", attention, ", of the diagonal ", trivial);
  CHECK(attention < trivial / 2);
}

TEST_CASE("purpose: label smoothing makes a model less sure of itself") {
  TrainConfig config = small_training();
  config.epochs = 6;
  const PreparedTraining text(config);
  const auto entropy_with = [&](double smoothing) {
    config.label_smoothing = smoothing;
    const TrainingRun run(config);
    return entropy(*run.translator, text.corpus.valid);
  };
  const double without = entropy_with(0), with = entropy_with(0.2);
  MESSAGE("entropy ", without, ", with label smoothing ", with);
  CHECK(with > without + 0.3);
}

TEST_CASE("purpose: scheduled sampling reads its own words at its share") {
  // The second word is the only one that can be the decoder's own, and each sentence's loss is one of two numbers.
  constexpr int kCount = 2000;
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.attention_size = config.embedding = 3;
  config.hidden = 4;
  config.dropout = 0;
  config.embedding_deviation = 1;
  Seq2Seq model(config);
  const std::vector<Pair> pairs(kCount, Pair{{4, 5, 3}, {6, 3}});
  std::vector<int> chosen(kCount);
  std::iota(chosen.begin(), chosen.end(), 0);
  const Batch batch = make_batch(pairs, chosen);
  model.decoder().output().bias->value()[7] = 2;  // what it would say itself
  const auto loss = [&](Real share) {
    const Tape tape(Tape::Inference, 5);
    return static_cast<double>(model.loss(batch, {.divisor = kCount, .scheduled_sampling = share}).item());
  };
  const double given = loss(0), own = loss(1);
  REQUIRE(std::abs(own - given) > 1e-3);
  for (const double share : {0.25, 0.6}) {
    const double found = (loss(static_cast<Real>(share)) - given) / (own - given);
    CHECK(std::abs(found - share) < 4 * std::sqrt(share * (1 - share) / kCount));
  }
}
