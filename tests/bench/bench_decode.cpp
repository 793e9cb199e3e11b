/// Translating with a trained model: sentences a second, greedy and with a beam of 5, in batches of 64 and one sentence
/// after the other, and how long one sentence takes.
///
///     bench_decode MODEL TEXT [--sentences N] [--single N] [--max-length N] [--threads N] [--repeat N]
///
/// MODEL is a folder that `gradus train` wrote, TEXT has one sentence a line. Prints, of the fastest of N repetitions,
///     decode greedy b64: N sent/s
///     decode greedy b1: N sent/s  p50 M ms  p99 M ms

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "examples/translate/options/command_line.h"
#include "examples/translate/search/search.h"
#include "examples/translate/text/text.h"
#include "examples/translate/translator/model_folder.h"
#include "ops/gemm/blas.h"
#include "ops/gemm/thread_pool.h"
#include "tests/bench/bench_data.h"

using namespace gradus;
using namespace gradus::bench;
using namespace gradus::translate;

namespace {

using Sources = std::span<const std::vector<int>>;

/// Sentences a second.
double in_batches(Translator& translator, Sources sources, const SearchOptions& options, ThreadPool& pool) {
  const double begin = seconds();
  search_all(translator.model, sources, options, kDecodingBatch, pool);
  return static_cast<double>(sources.size()) / (seconds() - begin);
}

/// The seconds that each sentence takes.
std::vector<double> one_by_one(Translator& translator, Sources sources, const SearchOptions& options,
                               ThreadPool& pool) {
  std::vector<double> times;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const double begin = seconds();
    search_all(translator.model, sources.subspan(i, 1), options, 1, pool);
    times.push_back(seconds() - begin);
  }
  return times;
}

struct Arguments {
  std::string model, text;
  int count = 1000, single = 200, threads = 2, repeats = 3;
  SearchOptions options{.stop = StopRule::First, .length_power = 1};  // as the PyTorch side of the comparison
};

int run(const Arguments& arguments) {
  const auto& [model, text, count, single, threads, repeats, given] = arguments;
  SearchOptions options = given;
  const std::unique_ptr<Translator> translator = load_translator(model);
  std::vector<std::vector<int>> sources;
  for (const std::string& line : read_lines(text)) {
    if (static_cast<int>(sources.size()) == count) break;
    sources.push_back(translator->source.encode(line));
  }
  fmt::print("{}\n{} sentences, {} threads\n", describe(blas_info()), sources.size(), threads);
  ThreadPool pool(threads);
  in_batches(*translator, sources, options, pool);  // to warm up

  struct Search {
    const char* name;
    int beam;
  };
  for (const auto& [name, beam] : {Search{"greedy", 1}, {"beam5", 5}}) {
    options.beam = beam;
    double best = 0;
    for (int i = 0; i < repeats; ++i) best = std::max(best, in_batches(*translator, sources, options, pool));
    fmt::print("decode {} b64: {:.1f} sent/s\n", name, best);
  }
  for (const auto& [name, beam] : {Search{"greedy", 1}, {"beam5", 5}}) {
    options.beam = beam;
    std::vector<double> best;
    double best_total = 0;
    for (int i = 0; i < repeats; ++i) {
      std::vector<double> times =
          one_by_one(*translator, Sources(sources).first(std::min<std::size_t>(single, sources.size())), options, pool);
      const double total = std::accumulate(times.begin(), times.end(), 0.0);
      if (best.empty() || total < best_total) best = std::move(times), best_total = total;
    }
    std::sort(best.begin(), best.end());
    fmt::print("decode {} b1: {:.1f} sent/s  p50 {:.1f} ms  p99 {:.1f} ms\n", name,
               static_cast<double>(best.size()) / best_total, best[best.size() / 2] * 1e3,
               best[best.size() * 99 / 100] * 1e3);
  }
  return 0;
}

}

int main(int argc, char** argv) {
  Arguments arguments;
  const auto program = [&]() -> Command {
    return {.name = "bench_decode",
            .help = "Translating with a trained model.",
            .options =
                {{.names = "model", .target = &arguments.model, .help = "folder of a trained model", .required = true},
                 {.names = "text", .target = &arguments.text, .help = "one sentence a line", .required = true},
                 {.names = "--sentences", .target = &arguments.count, .help = "how many of them to translate"},
                 {.names = "--single",
                  .target = &arguments.single,
                  .help = "how many of them to translate one after the other"},
                 {.names = "--max-length",
                  .target = &arguments.options.max_length,
                  .help = "words that a translation may have"},
                 {.names = "--threads", .target = &arguments.threads, .help = "to run on"},
                 {.names = "--repeat", .target = &arguments.repeats, .help = "runs, of which the best counts"}},
            .run = [&] { return run(arguments); }};
  };
  return run_program(program, argc, argv);
}
