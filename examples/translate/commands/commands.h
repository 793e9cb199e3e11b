#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/options/command_line.h"

namespace gradus::translate {

Command train_command();
Command translate_command();
Command score_command();
Command evaluate_command();
Command compare_command();
Command bleu_command();
Command aer_command();
Command attend_command();
Command explain_command();
Command flow_command();
Command info_command();
Command report_command();
Command average_command();
Command toy_command();

/// The program, with all its commands.
Command gradus_program();

/// Writes to standard output. Throws Error if that fails, a full disk for example.
void write_output(std::string_view text);

}
