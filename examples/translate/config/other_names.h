#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What people who know other toolkits type (fairseq, OpenNMT, Marian, JoeyNMT, Hugging Face's scripts), and what does
/// it here: a table of names.

namespace gradus::translate {

/// What an option of another toolkit is here: `--learning-rate`, `--encoder-layers and --decoder-layers`, or a sentence
/// if no option does the same. Empty if the table does not know it, or only options that are not among the `known` ones
/// of the command, written `--beam`. Case, dashes in front, `_` for `-` and a value after `=` do not matter.
std::string_view option_here(std::string_view name, const std::vector<std::string>& known,
                             std::string_view command = "");

/// What a command of another toolkit is here: the name of one, or a sentence.
std::string_view command_here(std::string_view name);

/// The name that `option_here` looks for: `batch-size` for `-Batch_size=3`.
std::string plain_option_name(std::string_view name);

/// All options, `--beam`, and all commands that the table leads to.
std::vector<std::string> options_of_table();
std::vector<std::string> commands_of_table();

}
