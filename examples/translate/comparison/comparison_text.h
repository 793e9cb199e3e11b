#pragma once

#include <string>

#include "examples/translate/comparison/comparison.h"

namespace gradus::translate {

struct ComparisonLayout {
  bool marks = false;  ///< differing words in bold and colour, as terminals know them
  size_t width = 80;   ///< columns
};

/// The comparison as lines of text: scores, and below each other the translations of the sentences that differ most.
std::string comparison_text(const Comparison& comparison, const ComparisonLayout& layout = {});

}
