#pragma once

#include "examples/translate/options/command.h"
#include "examples/translate/options/write_output.h"

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
Command presets_command();

/// The program, with all its commands.
Command gradus_program();

}
