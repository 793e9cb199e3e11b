#pragma once

#include <span>
#include <string>
#include <vector>

#include "examples/translate/text/alignment.h"

namespace gradus::translate {

/// How far the links A of a text are from the sure links S and the possible links P ⊇ S (Och and Ney 2003, "A
/// systematic comparison of various statistical alignment models", section 4):
///
///     precision |A ∩ P| / |A|     recall |A ∩ S| / |S|     error rate 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|)
///
/// All links of the text are counted together. Without any link to judge nothing is wrong.
struct AlignmentError {
  size_t links = 0, sure = 0;                 ///< |A|, |S|
  size_t found_sure = 0, found_possible = 0;  ///< |A ∩ S|, |A ∩ P|

  double precision() const;
  double recall() const;
  double rate() const;
};

/// links[i] is compared with truth[i]. Throws Error when there are not as many of both.
AlignmentError alignment_error(std::span<const std::vector<Link>> links, std::span<const TrueAlignment> truth);

/// `AER 0.062 (precision 0.944, recall 0.931, 8,216 links, 8,327 sure ones)`
std::string summary(const AlignmentError& error);

}
