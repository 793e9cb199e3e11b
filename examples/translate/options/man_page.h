#pragma once

#include <string>

#include "examples/translate/options/command.h"

namespace gradus::translate {

/// The manual page, in section 1, of one of the program's commands or of the program itself: what the whole help says,
/// in the language of man(7).
std::string man_page(const Command& program, const Command& command);

}
