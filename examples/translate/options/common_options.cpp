#include "examples/translate/options/common_options.h"

#include <fmt/core.h>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/options/write_output.h"
#include "examples/translate/search/search_options.h"
#include "examples/translate/text/language.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr const char* kSearch = "Search";
constexpr const char* kSampling = "Sampling";

}

Option model_option(std::string& directory) {
  return {.names = "-m,--model", .target = &directory, .type = "DIR", .help = "Folder of the model", .required = true};
}

Option models_option(std::vector<std::string>& directories, const char* help) {
  return {.names = "-m,--model", .target = &directories, .type = "DIR", .help = help, .required = true};
}

Option threads_option(int& threads) {
  return {.names = "--threads",
          .target = &threads,
          .type = "N",
          .help = "Threads; 0 for as many as there are cores",
          .range = {0, 1024}};
}

Option bin_width_option(size_t& width) {
  return {.names = "--bin-width",
          .target = &width,
          .type = "N",
          .help = "Lengths, in words, that are counted together",
          .range = {1, 10'000}};
}

Options search_options(SearchOptions& options) {
  static const std::string max_length = fmt::format(
      "Words, or subwords, that a translation may have; 0 for enough. That is {}, or --max-length of the training if "
      "that is more",
      kUsualLength);
  return {
      {.names = "-b,--beam",
       .target = &options.beam,
       .type = "N",
       .help = "Translations followed at the same time. More are slower and often better; 1 is greedy search",
       .group = kSearch,
       .range = {1, 1000}},
      {.names = "--stop",
       .target = &options.stop,
       .help = "End the search when nothing better can come, or with the first --beam translations",
       .group = kSearch},
      {.names = "--min-length",
       .target = &options.min_length,
       .type = "N",
       .help = "Words, or subwords, that a translation must have",
       .group = kSearch,
       .range = {0, 100'000}},
      {.names = "--max-length",
       .target = &options.max_length,
       .type = "N",
       .help = max_length.c_str(),
       .group = kSearch,
       .range = {0, 100'000}},
      {.names = "--min-length-ratio",
       .target = &options.min_length_ratio,
       .type = "N",
       .help = "The same, for each word of the source",
       .group = kSearch,
       .range = {0, 1000}},
      {.names = "--max-length-ratio",
       .target = &options.max_length_ratio,
       .type = "N",
       .help = "The same, for each word of the source; 0 for no such limit. The narrower one holds",
       .group = kSearch,
       .range = {0, 1000}},
      {.names = "--no-repeat-ngram",
       .target = &options.no_repeat_ngram,
       .type = "N",
       .help = "Never repeat as many words, or subwords, in a row; 0 to allow it",
       .group = kSearch,
       .range = {0, 1000}},
      {.names = "--length-penalty",
       .target = &options.length_penalty,
       .help = "What log P(y|x) is divided by. power: |y|^alpha; wu: ((5+|y|)/6)^alpha (Wu et al. 2016)",
       .group = kSearch},
      {.names = "--length-power",
       .target = &options.length_power,
       .type = "N",
       .help = "How much length is made up for; 0 for not at all. It is alpha of --length-penalty",
       .group = kSearch,
       .range = {0, 100}},
      {.names = "--coverage-penalty",
       .target = &options.coverage_penalty,
       .type = "N",
       .help = "Penalty for source words that nothing attended to. It is beta of Wu et al. 2016",
       .group = kSearch,
       .range = {0, 100}},
  };
}

Options sampling_options(SearchOptions& options) {
  SamplingOptions& sampling = options.sampling;
  return {
      {.names = "--sample",
       .target = &options.sample,
       .help = "Draw translations at random",
       .group = kSampling,
       .excludes = "--beam,--stop"},
      {.names = "--temperature",
       .target = &sampling.temperature,
       .type = "N",
       .help = "Below 1, likely words become likelier",
       .group = kSampling,
       .range = {0.001, 1000},
       .needs = "--sample"},
      {.names = "--top-k",
       .target = &sampling.top_k,
       .type = "N",
       .help = "Only from the N likeliest words; 0 for all",
       .group = kSampling,
       .range = {0, 1'000'000'000},
       .needs = "--sample"},
      {.names = "--top-p",
       .target = &sampling.top_p,
       .type = "N",
       .help = "Only from the fewest words with this probability in all",
       .group = kSampling,
       .range = {0.001, 1},
       .needs = "--sample"},
      {.names = "--seed",
       .target = &sampling.seed,
       .type = "N",
       .help = "The same seed draws the same translations",
       .group = kSampling,
       .needs = "--sample"},
  };
}

void require_utf8(const char* command, const char* argument, const std::string& text) {
  if (find_invalid_utf8(text) != std::string::npos) fail("{}: the {} is not valid UTF-8", command, argument);
}

void tell_unknown_words(const char* command, const char* side, const Language& language, const std::string& line) {
  const std::vector<std::string> unknown = language.unknown(line);
  if (unknown.empty()) return;
  write_message(fmt::format("gradus: {}: not in the vocabulary of the {}: {}; the model reads each as {}", command,
                            side, join_words(unknown), language.vocabulary.word(kUnknown)));
}

void require_sense(const SearchOptions& options) {
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
