/// What a training step costs on several ranks: measured on those that mpirun has started, and predicted from what its
/// parts cost, for these and for many more.
///
///     mpirun -n P bench_ranks [--steps N] [--out FILE.svg]
///
/// The reference model on random sentences, one group of 64 pairs and one thread a rank, so that the work grows with
/// the ranks. The model of cost, for P ranks (nn/parallel/group_sum.h):
///
///     step = compute + update / P + add (P - 1) / P + 2 bytes (P - 1) / P / bandwidth + 5 (latency + (P - 1) message)
///
/// Beside it, what `GroupSum` was weighed against: running sums that go from rank to rank in a chain, piece by piece.
///
/// Each part is measured by itself, on all ranks at the same time, since those of one machine share its memory. Rank 0
/// prints, and draws the efficiency, (compute + update) / step, for networks of 1, 10 and 100 Gbit/s.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "examples/translate/machine/ranks.h"
#include "examples/translate/model/batch.h"
#include "examples/translate/model/model.h"
#include "examples/translate/options/command_line.h"
#include "examples/translate/report/chart.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "nn/parallel/group_sum.h"
#include "nn/rng.h"
#include "nn/storage/atomic_file.h"
#include "tests/bench/bench_data.h"

using namespace gradus;
using namespace gradus::bench;
using namespace gradus::translate;

namespace {

struct Arguments {
  std::string out;
  int steps = 20;
};

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

/// Seconds of the parts of a step.
struct Costs {
  double compute = 0;  ///< forward and backward of a group
  double update = 0;   ///< norm and Adam, of all weights
  double add = 0;      ///< adding one gradient of all weights to another
  double latency = 0;  ///< until a small message is there
  double message = 0;  ///< of the sender's and the receiver's time for each
  double byte = 0;     ///< of a large message
  double bytes = 0;    ///< of all weights
  double step = 0;     ///< a whole step, as it is measured
  double direct = 0;   ///< the gradients of all groups added up: each owner of a share gets all of its parts
  double chain = 0;    ///< the same by running sums from rank to rank, which the last one deals out
};

struct Prediction {
  double step, efficiency;
};

Prediction predict(const Costs& costs, int ranks) {
  const double others = ranks - 1;
  const double traffic = 2 * costs.bytes * others / ranks * costs.byte;
  const double rounds =
      ranks == 1 ? 0 : 5 * (costs.latency + others * costs.message);  // gradients, losses, squares, values, time
  const double step = costs.compute + costs.update / ranks + costs.add * others / ranks + traffic + rounds;
  return {step, (costs.compute + costs.update) / step};
}

class Measurement {
 public:
  explicit Measurement(int steps)
      : steps_(steps), groups_(model_.parameters(), ranks(), ranks().size(), &parallel_.pool()) {
    Rng rng(static_cast<std::uint64_t>(ranks().rank()) + 1);
    constexpr int kPairs = 64, kShortest = 8, kLengths = 12, kFirstWord = 4;
    const auto sentence = [&](int length) {
      std::vector<int> words(static_cast<std::size_t>(length));
      for (int& word : words) word = kFirstWord + static_cast<int>(rng.below(kWords - kFirstWord));
      return words;
    };
    std::vector<Pair> pairs(kPairs);
    for (int i = 0; i < kPairs; ++i)
      pairs[i] = {sentence(kShortest + i % kLengths), sentence(kShortest + i % kLengths)};
    std::vector<int> all(kPairs);
    std::iota(all.begin(), all.end(), 0);
    batch_ = make_batch(pairs, all);
    for (const int length : batch_.target_lengths) words_ += length;
  }

  /// Medians of the parts, and of whole steps between them, so that what else the machine does falls on both. Of the
  /// ranks the slowest counts, since the others wait for it.
  Costs costs() {
    Costs costs;
    costs.bytes = static_cast<double>(model_.parameter_count() * sizeof(Real));
    std::vector<double> computes, updates, adds, wholes;
    std::vector<Real> other(model_.parameter_count());
    for (int i = -2; i < steps_; ++i) {
      meet();
      const double begin = seconds();
      compute();
      const double computed = seconds();
      const double norm = grad_norm(parameters_);
      adam_.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true});
      const double updated = seconds();
      for (Real& number : other) number += Real(1);
      const double added = seconds();
      meet();
      const double again = seconds();
      step();
      const double end = seconds();
      if (i < 0) continue;
      computes.push_back(slowest(computed - begin));
      updates.push_back(slowest(updated - computed));
      adds.push_back(slowest(added - updated));
      wholes.push_back(slowest(end - again));
    }
    costs.compute = median(computes);
    costs.update = median(updates);
    costs.add = median(adds);
    costs.step = median(wholes);
    if (ranks().size() > 1) {
      measure_messages(costs);
      measure_sums(costs, other);
    }
    return costs;
  }

 private:
  static constexpr int kWords = 6000;

  /// What a trainer does at every step.
  void step() {
    groups_.sum([&](int) { return compute(); });
    const double norm = groups_.grad_norm();
    adam_.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true, .share = groups_.share()});
    groups_.gather_values();
    meet();  // as a trainer's ranks agree on the time
  }

  double compute() {
    return parallel_.step(1, [&](int) {
      return model_.loss(batch_, {.label_smoothing = Real(0.1), .divisor = static_cast<Real>(words_)});
    });
  }
  static void meet() { gather_texts(ranks(), ""); }
  static double slowest(double time) { return std::ranges::max(gather_each(ranks(), time)); }

  /// Between this rank and the next one, in both directions at once, as in a step.
  void measure_messages(Costs& costs) {
    const int next = (ranks().rank() + 1) % ranks().size();
    const int before = (ranks().rank() + ranks().size() - 1) % ranks().size();
    const auto time = [&](std::size_t bytes, int count, int runs) {
      std::vector<std::byte> out(bytes), in(bytes * static_cast<std::size_t>(count));
      std::vector<double> times;
      for (int run = -1; run < runs; ++run) {
        meet();
        const double begin = seconds();
        Messages messages(ranks());
        for (int i = 0; i < count; ++i)
          messages.receive(before, std::span(in).subspan(bytes * static_cast<std::size_t>(i), bytes));
        for (int i = 0; i < count; ++i) messages.send(next, std::span<const std::byte>(out));
        messages.wait();
        if (run >= 0) times.push_back(slowest(seconds() - begin));
      }
      return median(times);
    };
    constexpr int kMany = 200, kRuns = 21;
    constexpr std::size_t kLarge = std::size_t{1} << 20;
    costs.latency = time(8, 1, 10 * kRuns);
    costs.message = std::max(0.0, time(8, kMany, kRuns) - costs.latency) / kMany;
    costs.byte = (time(kLarge, 32, kRuns) - costs.latency) / (32 * kLarge);
  }

  /// Of gradients that are there already, in turn; afterwards `numbers` are of no use.
  void measure_sums(Costs& costs, std::vector<Real>& numbers) {
    std::vector<double> directs, chains;
    for (int i = -1; i < steps_; ++i) {
      meet();
      const double begin = seconds();
      groups_.sum([](int) { return 0.0; });
      const double direct = seconds();
      meet();
      const double again = seconds();
      chain(numbers);
      const double end = seconds();
      if (i < 0) continue;
      directs.push_back(slowest(direct - begin));
      chains.push_back(slowest(end - again));
    }
    costs.direct = median(directs);
    costs.chain = median(chains);
  }

  /// numbers = (numbers of rank 0 + those of rank 1) + …, a megabyte at a time: while a rank adds up a piece, the one
  /// before it works at the next. The last rank then gives every rank its share.
  static void chain(std::vector<Real>& numbers) {
    constexpr std::size_t kPiece = (std::size_t{1} << 20) / sizeof(Real);
    const int rank = ranks().rank(), last = ranks().size() - 1;
    const std::size_t share = (numbers.size() + static_cast<std::size_t>(last)) / (static_cast<std::size_t>(last) + 1);
    std::vector<Real> sums(rank == 0 ? 0 : numbers.size());
    std::vector<Messages> arriving;
    const auto pieces = [&](const auto& visit) {
      for (std::size_t begin = 0; begin < numbers.size(); begin += kPiece)
        visit(begin, std::min(kPiece, numbers.size() - begin));
    };
    if (rank > 0) {
      pieces([&](std::size_t begin, std::size_t size) {
        arriving.emplace_back(ranks()).receive(rank - 1, std::span(sums).subspan(begin, size));
      });
    }
    Messages leaving(ranks());
    pieces([&](std::size_t begin, std::size_t size) {
      const std::span<Real> own = std::span(numbers).subspan(begin, size);
      if (rank > 0) {
        arriving[begin / kPiece].wait();
        for (std::size_t i = 0; i < size; ++i) own[i] += sums[begin + i];
      }
      if (rank < last) leaving.send(rank + 1, std::span<const Real>(own));
    });
    leaving.wait();
    Messages shares(ranks());
    for (int other = 0; other < last; ++other) {
      const std::size_t begin = std::min(numbers.size(), share * static_cast<std::size_t>(other));
      const std::span<Real> part = std::span(numbers).subspan(begin, std::min(share, numbers.size() - begin));
      if (rank == last) shares.send(other, std::span<const Real>(part));
      if (rank == other) shares.receive(last, part);
    }
    shares.wait();
  }

  int steps_;
  Seq2Seq model_{ModelConfig().with_words(kWords, kWords)};
  std::vector<Parameter*> parameters_ = model_.parameters();
  Adam adam_{parameters_, {.learning_rate = 1e-3}};
  DataParallel parallel_{model_, 1, 1};
  GroupSum groups_;
  Batch batch_;
  std::size_t words_ = 0;
};

/// Efficiency for up to 1,000 ranks at the usual speeds of networks, with the latencies that go with them.
std::vector<Chart> draw(Costs costs) {
  struct Network {
    const char* name;
    double gigabits, latency;
  };
  Chart chart{"efficiency of a step", "ranks, as a power of two", "% of a rank alone", {}};
  fmt::print("ranks     1 Gbit/s  10 Gbit/s  100 Gbit/s, in % of a rank alone\n");
  std::vector<std::string> lines;
  for (const Network& network :
       {Network{"1 Gbit/s", 1, 50e-6}, Network{"10 Gbit/s", 10, 20e-6}, Network{"100 Gbit/s", 100, 5e-6}}) {
    costs.byte = 8 / (network.gigabits * 1e9);
    costs.latency = network.latency;
    costs.message = 2e-6;
    Chart::Series series{network.name, {}};
    std::size_t line = 0;
    for (const int ranks : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000}) {
      const double percent = 100 * predict(costs, ranks).efficiency;
      series.points.push_back({std::log2(ranks), percent});
      if (lines.size() <= line) lines.push_back(fmt::format("{:5}", ranks));
      lines[line++] += fmt::format("  {:9.1f}", percent);
    }
    chart.series.push_back(series);
  }
  for (const std::string& line : lines) fmt::print("{}\n", line);
  return {chart};
}

int run(const Arguments& arguments) {
  Measurement measurement(arguments.steps);
  const Costs costs = measurement.costs();
  const double measured = costs.step, predicted = predict(costs, ranks().size()).step;
  fmt::print("{} ranks, {:.1f} MB of weights\n", ranks().size(), costs.bytes / 1e6);
  fmt::print("compute {:.1f} ms  update {:.1f} ms  add {:.1f} ms  latency {:.1f} µs  message {:.2f} µs  {:.2f} GB/s\n",
             costs.compute * 1e3, costs.update * 1e3, costs.add * 1e3, costs.latency * 1e6, costs.message * 1e6,
             costs.byte > 0 ? 1e-9 / costs.byte : 0.0);
  fmt::print("step: {:.1f} ms measured, {:.1f} predicted ({:+.1f} %)\n", measured * 1e3, predicted * 1e3,
             100 * (predicted / measured - 1));
  if (ranks().size() > 1)
    fmt::print("sum of the gradients: {:.1f} ms, {:.1f} in a chain\n", costs.direct * 1e3, costs.chain * 1e3);
  if (arguments.out.empty() || ranks().rank() > 0) return 0;
  write_file_atomically(arguments.out, charts_svg(draw(costs), 1));
  return 0;
}

}

int main(int argc, char** argv) {
  Arguments arguments;
  const auto make = [&] {
    return Command{.name = "bench_ranks",
                   .help = "What a training step costs on several ranks.",
                   .options = {{.names = "--steps",
                                .target = &arguments.steps,
                                .help = "of which the median is taken",
                                .range = {1, 1'000'000}},
                               {.names = "--out", .target = &arguments.out, .help = "a plot for many more ranks"}},
                   .run = [&] { return run(arguments); },
                   .on_all_ranks = true};
  };
  return run_on_ranks([&] { return run_program(make, argc, argv); });
}
