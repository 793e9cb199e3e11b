#pragma once

#include <string>

#include "examples/translate/search/search_options.h"
#include "examples/translate/translator/translator.h"
#include "ops/gemm/function_ref.h"

namespace gradus::translate {

/// Translates the text at `path`, which may be `-`, while it is being read (`gradus translate --live`), and gives each
/// word to `write` as soon as it is decided. A terminal is asked for lines, hands over a word at each blank, and gets
/// what that decides on a line of its own. Throws Error as InputLines, when what was decided before is written.
void translate_live(const std::string& path, Translator& translator, const SearchOptions& options,
                    FunctionRef<void(const std::string&)> write);

}
