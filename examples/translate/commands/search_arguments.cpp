#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <type_traits>

#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/choice_option.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/search/search_options.h"

namespace gradus::translate {

namespace {

constexpr const char* kSearch = "Search";
constexpr const char* kSampling = "Sampling";

/// A number from `low` to `high`; unlike CLI::Range it also refuses what is no number.
CLI::Validator between(double low, double high) {
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool inside = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
        return inside ? std::string() : fmt::format("Value {} not in range {} to {}", text, low, high);
      },
      fmt::format("FLOAT in [{} - {}]", low, high));
}

template <class Number>
CLI::Option* add_number(CLI::App& command, const char* name, Number& value, Number low, Number high,
                        const std::string& help) {
  const CLI::Validator range = std::is_integral_v<Number> ? CLI::Range(low, high) : between(low, high);
  return command.add_option(name, value, help)->type_name("N")->check(range)->capture_default_str();
}

void add_limits(CLI::App& command, SearchOptions& options) {
  add_number(command, "--min-length", options.min_length, 0, 100'000,
             "Words, or subwords, that a translation must have")
      ->group(kSearch);
  add_number(command, "--max-length", options.max_length, 0, 100'000,
             fmt::format("Words, or subwords, that a translation may have; 0: {}, or --max-length of the training, if "
                         "that is more",
                         kUsualLength))
      ->group(kSearch);
  add_number(command, "--min-length-ratio", options.min_length_ratio, 0.0, 1000.0,
             "The same, for each word of the source")
      ->group(kSearch);
  add_number(command, "--max-length-ratio", options.max_length_ratio, 0.0, 1000.0,
             "The same, for each word of the source; 0 for no such limit. The narrower limit holds")
      ->group(kSearch);
  add_number(command, "--no-repeat-ngram", options.no_repeat_ngram, 0, 1000,
             "Never repeat as many words, or subwords, in a row; 0 to allow it")
      ->group(kSearch);
}

void add_penalties(CLI::App& command, SearchOptions& options) {
  add_choice(command, "--length-penalty", options.length_penalty,
             "What log P(y|x) is divided by: |y|^alpha, or ((5+|y|)/6)^alpha of Wu et al. 2016")
      ->group(kSearch);
  add_number(command, "--length-power", options.length_power, 0.0, 100.0, "alpha of the length penalty; 0 for none")
      ->group(kSearch);
  add_number(command, "--coverage-penalty", options.coverage_penalty, 0.0, 100.0,
             "beta of the penalty for source words that nothing attended to (Wu et al. 2016)")
      ->group(kSearch);
}

void check(const SearchOptions& options) {
  if (!options.sample && options.n_best > options.beam) {
    throw UsageError(fmt::format("--n-best {}: the beam has only {} hypotheses; need --beam {} or more", options.n_best,
                                 options.beam, options.n_best));
  }
  if (options.min_length > options.longest()) {
    throw UsageError(
        fmt::format("--min-length {} is greater than --max-length {}", options.min_length, options.max_length));
  }
  if (options.max_length_ratio > 0 && options.min_length_ratio > options.max_length_ratio) {
    throw UsageError(fmt::format("--min-length-ratio {} is greater than --max-length-ratio {}",
                                 options.min_length_ratio, options.max_length_ratio));
  }
}

}

void add_search_options(CLI::App& command, SearchOptions& options) {
  add_number(command, "-b,--beam", options.beam, 1, 1000, "Hypotheses kept in the search; 1 is greedy search")
      ->group(kSearch);
  add_choice(command, "--stop", options.stop,
             "End when no open hypothesis can win, or with the first ended ones, as many as the beam has")
      ->group(kSearch);
  add_limits(command, options);
  add_penalties(command, options);
  command.parse_complete_callback([&options] { check(options); });
}

void add_sampling_options(CLI::App& command, SearchOptions& options) {
  CLI::Option* const sample = command.add_flag("--sample", options.sample, "Draw translations at random");
  sample->excludes("--beam")->excludes("--stop")->group(kSampling);
  SamplingOptions& sampling = options.sampling;
  add_number(command, "--temperature", sampling.temperature, 0.001, 1000.0, "Below 1, likely words become likelier")
      ->needs(sample)
      ->group(kSampling);
  add_number(command, "--top-k", sampling.top_k, 0, 1'000'000'000, "Only from the N likeliest words; 0 for all")
      ->needs(sample)
      ->group(kSampling);
  add_number(command, "--top-p", sampling.top_p, 0.001, 1.0, "Only from the fewest words with this probability in all")
      ->needs(sample)
      ->group(kSampling);
  command.add_option("--seed", sampling.seed, "The same seed draws the same translations")
      ->check(not_negative)
      ->type_name("N")
      ->needs(sample)
      ->capture_default_str()
      ->group(kSampling);
}

}
