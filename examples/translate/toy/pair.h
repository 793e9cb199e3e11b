#pragma once

#include <string>
#include <vector>

#include "examples/translate/text/alignment.h"

namespace gradus::translate {

/// A sentence of the toy language in English and French.
struct ToyPair {
  std::vector<std::string> source, target;
  /// The true word alignment, sorted. Every word is in at least one link.
  std::vector<Link> alignment;
};

}
