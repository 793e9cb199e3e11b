#pragma once

#include <string>
#include <vector>

#include "nn/storage/json.h"
#include "tests/program/program_run.h"
#include "tests/program/trained_toy.h"

/// Tests of single options of the program's commands. `test_command_options.cpp` walks over all options of all commands
/// but `train`, and fails for one that has no entry in these tables.
namespace gradus::translate {

/// What a command wrote without an option and with it; for a failure, its message.
struct Outputs {
  Words without_words, with_words;
  std::string without, with;
};

struct CommandTest {
  std::string option;  ///< its long name, or what a word without one is called
  Words base;          ///< the command, and what the option could not be seen without
  Words words;         ///< what is added to it
  /// What the output must be like, besides another one.
  void (*check)(const Outputs&) = nullptr;
  bool replaces = false;  ///< `words` are not added, but replace as many at the end: for what has to be given
  bool changes = true;    ///< whether the output must be another one; otherwise it must be the same
};

std::vector<CommandTest> translate_tests();
std::vector<CommandTest> score_tests();
std::vector<CommandTest> evaluate_tests();
std::vector<CommandTest> compare_tests();
std::vector<CommandTest> bleu_tests();
std::vector<CommandTest> aer_tests();
std::vector<CommandTest> attend_tests();
std::vector<CommandTest> explain_tests();
std::vector<CommandTest> flow_tests();

/// `--force` of a command that writes such a file: one that is there already is replaced with it, and not without.
CommandTest force_test(const Words& words, const std::string& file);

/// What the commands work on.
struct CommandTexts {
  CommandTexts();
  std::string file(const std::string& name) const { return folder.file(name); }

  TemporaryFolder folder;  ///< files: source, target, odd (references), poor (references), one, short, a, b (output),
                           ///< links, no_links (alignments)
  std::string input;       ///< the source
};
const CommandTexts& command_texts();

Words joined(Words a, const Words& b);
std::vector<std::string> lines_of(const std::string& text);
std::vector<Json> json_lines(const std::string& text);
std::size_t word_count(const std::string& line);

/// What a command writes, without the line that says how long it took.
std::string output_of(const Words& words);

/// The option does not change the output, but the number of threads: 1 without it and 3 with it.
void check_threads(const Outputs& outputs);

}
