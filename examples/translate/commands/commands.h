#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}

namespace gradus::translate {

struct SearchOptions;

/// A command of the program: its part of the command line, and what it does. `run` returns the program's exit code and
/// throws for what the user should read as `gradus: ...`.
struct Command {
  CLI::App* options;
  std::function<int()> run;
};

Command add_train(CLI::App& program);
Command add_translate(CLI::App& program);
Command add_score(CLI::App& program);
Command add_evaluate(CLI::App& program);
Command add_bleu(CLI::App& program);
Command add_aer(CLI::App& program);
Command add_attend(CLI::App& program);
Command add_info(CLI::App& program);
Command add_report(CLI::App& program);
Command add_average(CLI::App& program);
Command add_toy(CLI::App& program);

inline constexpr int kInterrupted = 130;  ///< the exit code after Ctrl-C, 128 + SIGINT

/// The options that several commands have.
void add_model_option(CLI::App& command, std::string& directory);
/// Of one model or several.
CLI::Option* add_models_option(CLI::App& command, std::vector<std::string>& directories,
                               const char* help = "Folder of the model; of several, the probabilities are averaged");
/// How translations are searched: the beam, penalties and limits. What does not fit together ends in a UsageError.
void add_search_options(CLI::App& command, SearchOptions& options);
/// Drawing translations at random instead.
void add_sampling_options(CLI::App& command, SearchOptions& options);
void add_threads_option(CLI::App& command, int& threads);
/// Of `length_bins`.
CLI::Option* add_bin_width_option(CLI::App& command, size_t& width);

/// The complaint of an option without a sign about one, which CLI11 would take for a very large number; else empty.
std::string not_negative(const std::string& text);

/// Writes to standard output. Throws Error if that fails, a full disk for example.
void write_output(const std::string& text);

}
