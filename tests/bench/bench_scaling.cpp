/// Whether the cost of a training step is proportional to batch × length, and what long sentences and large
/// vocabularies cost: the reference model on sentences of equal length, of random words.
///
///     bench_scaling [--attention bahdanau|luong|none] [--steps N] [--threads N] [--out FILE.svg]
///
/// Prints the target tokens a second for lengths 10 to 60, for batches of 16 to 128 pairs and for vocabularies of 6,000
/// to 32,000 words, and writes a plot. The projection onto the words has as much arithmetic as there are words; so the
/// last figures are also given at equal arithmetic: without the time that BLAS takes, by itself, for the products that
/// are more than at 6,000 words.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "examples/translate/options/command_line.h"
#include "examples/translate/report/chart.h"
#include "nn/rng.h"
#include "nn/storage/atomic_file.h"
#include "ops/gemm/blas.h"
#include "tests/bench/bench_data.h"
#include "tests/bench/training_step.h"

using namespace gradus;
using namespace gradus::bench;
using namespace gradus::translate;

namespace {

struct Setting {
  int batch, length, words;
};

struct Arguments {
  AttentionKind attention = AttentionKind::Bahdanau;
  int steps = 15, threads = 2;
  std::string out = "scaling.svg";
};

constexpr int kFirstWord = 4, kSmallVocabulary = 6000, kWarmUp = 2;

/// The median seconds of a step. The model is made anew for each vocabulary only.
class Measurement {
 public:
  explicit Measurement(const Arguments& arguments) : arguments_(arguments) {}

  double step_time(const Setting& setting) {
    if (!step_ || words_ != setting.words) {
      ModelConfig config;
      config.attention = attention_named(arguments_.attention);
      step_.emplace(config.with_words(setting.words, setting.words), arguments_.threads, arguments_.threads);
      words_ = setting.words;
    }
    Rng rng(1);
    const auto sentence = [&] {
      std::vector<int> words(setting.length);
      for (int& word : words) word = kFirstWord + static_cast<int>(rng.below(setting.words - kFirstWord));
      return words;
    };
    std::vector<Pair> pairs(setting.batch);
    for (Pair& pair : pairs) pair = {sentence(), sentence()};
    std::vector<int> batch(setting.batch);
    std::iota(batch.begin(), batch.end(), 0);
    std::vector<double> times;
    for (int i = -kWarmUp; i < arguments_.steps; ++i) {
      const TrainingStep::Times step = step_->run(pairs, batch);
      if (i >= 0) times.push_back(step.end - step.batches);
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }

 private:
  Arguments arguments_;
  std::optional<TrainingStep> step_;
  int words_ = 0;
};

/// Seconds that BLAS takes for the projection's products in a step of `rows` target words, and for nothing else:
/// logits = x Wᵀ, dx = dlogits W and dW = dlogitsᵀ x, in blocks of rows as in linear_cross_entropy.
double projection_time(int words, int rows, int threads) {
  constexpr int kBlock = 192, kRuns = 5;
  const int size = ModelConfig().embedding;
  struct Operands {
    std::vector<Real> x, dx, logits, dweight;
  };
  const std::vector<Real> weight(std::size_t(words) * size, Real(0.01));
  std::vector<Operands> operands(threads);
  for (Operands& o : operands) {
    o.x.assign(kBlock * size, Real(0.01));
    o.dx.resize(kBlock * size);
    o.logits.resize(std::size_t(kBlock) * words);
    o.dweight.resize(weight.size());
  }
  ThreadPool pool(threads);
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const double begin = seconds();
    pool.run(threads, [&](int thread) {
      Operands& o = operands[thread];
      for (int row = 0, count; row < rows / threads; row += count) {
        count = std::min(kBlock, rows / threads - row);
        gemm(N, T, count, words, size, 1, o.x.data(), size, weight.data(), size, 0, o.logits.data(), words);
        gemm(T, N, words, size, count, 1, o.logits.data(), words, o.x.data(), size, 1, o.dweight.data(), size);
        gemm(N, N, count, size, words, 1, o.logits.data(), words, weight.data(), size, 0, o.dx.data(), size);
      }
    });
    best = std::min(best, seconds() - begin);
  }
  return best;
}

using Point = Chart::Point;
using Series = Chart::Series;

/// How much the smallest y is below the largest, in percent.
double spread(const std::vector<Point>& points) {
  const auto [low, high] =
      std::minmax_element(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.y < b.y; });
  return 100 * (1 - low->y / high->y);
}

int run(const Arguments& arguments) {
  fmt::print("{}\n", describe(blas_info()));
  Measurement measurement(arguments);
  Series lengths{"64 pairs", {}}, milliseconds{"64 pairs", {}};
  fmt::print("pairs  length  vocabulary  target tok/s\n");
  const auto measure = [&](const Setting& setting) {
    const double time = measurement.step_time(setting), rate = setting.batch * setting.length / time;
    fmt::print("{:5}  {:6}  {:10}  {:12.0f}\n", setting.batch, setting.length, setting.words, rate);
    std::fflush(stdout);
    return time;
  };
  for (int length = 10; length <= 60; length += 10) {
    const double time = measure({64, length, kSmallVocabulary}), words = 64.0 * length;
    lengths.points.push_back({double(length), words / time});
    milliseconds.points.push_back({words, time * 1e3});
  }
  Series batches{"length 20", {}};
  for (const int batch : {16, 32, 64, 128}) {
    const double time = measure({batch, 20, kSmallVocabulary});
    batches.points.push_back({batch * 20.0, time * 1e3});
  }

  Series words{"as measured", {}}, equal{"at equal arithmetic", {}};
  constexpr int kPairs = 64, kLength = 20, kTokens = kPairs * kLength;
  const double smallest = projection_time(kSmallVocabulary, kTokens, arguments.threads);
  for (const int vocabulary : {kSmallVocabulary, 12000, 18000, 24000, 32000}) {
    const double time = measure({kPairs, kLength, vocabulary});
    const double more = projection_time(vocabulary, kTokens, arguments.threads) - smallest;
    words.points.push_back({vocabulary / 1e3, kTokens / time});
    equal.points.push_back({vocabulary / 1e3, kTokens / (time - more)});
    fmt::print("{:38.0f}  at equal arithmetic\n", equal.points.back().y);
  }

  fmt::print("target tok/s, lengths 10 to 60: the lowest is {:.0f} % below the highest\n", spread(lengths.points));
  fmt::print("target tok/s, 6,000 to 32,000 words, at equal arithmetic: {:.0f} %\n", spread(equal.points));
  const std::vector<Chart> charts = {
      {"a step's time", "pairs × length", "ms", {milliseconds, batches}},
      {"speed by length", "words in a sentence", "target tokens/s", {lengths}},
      {"speed by vocabulary", "thousand words", "target tokens/s", {words, equal}},
  };
  write_file_atomically(arguments.out, charts_svg(charts, 3));
  fmt::print("plot written to {}\n", arguments.out);
  return 0;
}

}

int main(int argc, char** argv) {
  Arguments arguments;
  constexpr Range kCounts{1, 1'000'000};
  const auto program = [&]() -> Command {
    return {.name = "bench_scaling",
            .help = "How the cost of a training step grows.",
            .options = {{.names = "--attention", .target = &arguments.attention, .help = "of the decoder"},
                        {.names = "--steps",
                         .target = &arguments.steps,
                         .help = "of which the median is taken",
                         .range = kCounts},
                        {.names = "--threads", .target = &arguments.threads, .help = "to run on", .range = kCounts},
                        {.names = "--out", .target = &arguments.out, .help = "the plot"}},
            .run = [&] { return run(arguments); }};
  };
  return run_program(program, argc, argv);
}
