#include "examples/translate/commands/metric_options.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "examples/translate/commands/choice_option.h"
#include "examples/translate/commands/commands.h"

namespace gradus::translate {

namespace {

constexpr size_t kMaxOrder = 100;

/// What is wrong with the name of a metric, empty if nothing is.
std::string is_metric_name(const std::string& name) {
  if (name == "bleu" || name == "chrf" || name == "ter") return "";
  return fmt::format("{} is not one of bleu, chrf, ter (files come before --metrics)", name);
}

CLI::Option* add_order(CLI::App& command, const std::string& name, size_t& value, const std::string& help,
                       size_t least) {
  return command.add_option(name, value, help)
      ->check(CLI::Range(least, kMaxOrder))
      ->type_name("N")
      ->capture_default_str();
}

void add_bleu_options(CLI::App& command, MetricOptions& options) {
  add_choice(command, "--tokenize", options.tokenizer,
             "How BLEU splits lines into words: 13a, intl (all scripts), char, or none for white space")
      ->group("BLEU");
  add_choice(command, "--smooth", options.smoothing,
             "What to do with n-grams of which none matches: exp, floor, add-k, none")
      ->group("BLEU");
  command.add_option("--smooth-value", options.smoothing_value, "The value of --smooth floor (0.1) or add-k (1)")
      ->type_name("X")
      ->group("BLEU");
  add_order(command, "--max-order", options.max_order, "Count n-grams up to this length", 1)->group("BLEU");
}

void add_chrf_options(CLI::App& command, ChrfOptions& options) {
  add_order(command, "--char-order", options.char_order, "Count n-grams of characters up to this length", 0)
      ->group("chrF");
  add_order(command, "--word-order", options.word_order, "And of words; 2 for chrF++", 0)->group("chrF");
  add_order(command, "--beta", options.beta, "How many times as much recall counts as precision", 1)->group("chrF");
  command.add_flag("--whitespace", options.whitespace, "Count white space too")->group("chrF");
  command.add_flag("--epsilon", options.epsilon, "Average over all orders, as chrF++.py does, not those present")
      ->group("chrF");
}

void add_ter_options(CLI::App& command, TercomOptions& options) {
  command.add_flag("--normalized", options.normalized, "Split off punctuation")->group("TER");
  command.add_flag("--no-punct", options.no_punct, "Leave out punctuation")->group("TER");
  command.add_flag("--asian-support", options.asian_support, "With the two above: Chinese and Japanese too")
      ->group("TER");
  command.add_flag("--case-sensitive", options.case_sensitive, "Compare with regard to case")->group("TER");
}

}

void add_metric_options(CLI::App& command, MetricOptions& options) {
  command.add_option("--metrics", options.metrics, "What to measure: bleu, chrf, ter")
      ->check(is_metric_name, "")
      ->expected(1, 3)
      ->delimiter(',')
      ->type_name("NAME...")
      ->default_str(fmt::format("{}", fmt::join(options.metrics, " ")));
  command.add_flag("--lowercase", options.lowercase, "Compare without regard to case (TER does so by itself)");
  command.add_option("--bootstrap", options.bootstrap, "Resamples for 95 % confidence intervals, 1000 for example")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of the resamples; the same seed gives the same numbers")
      ->check(not_negative)
      ->type_name("N")
      ->capture_default_str();
  add_bleu_options(command, options);
  add_chrf_options(command, options.chrf);
  add_ter_options(command, options.ter);
}

}
