#pragma once

#include <string>

#include "examples/translate/comparison/comparison.h"

namespace gradus::translate {

/// The comparison as an HTML page that needs no other file.
std::string comparison_page(const Comparison& comparison);

}
