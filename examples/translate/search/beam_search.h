#pragma once

#include <vector>

#include "examples/translate/search/hypothesis.h"
#include "examples/translate/search/step_decoder.h"

namespace gradus::translate {

/// Beam search of the n best translations of the chosen sources, in their order. Of each sentence, the `beam` likeliest
/// open hypotheses are extended at every step; those that end are set aside with their final score.
std::vector<NBest> beam_search(std::span<const Member> members, std::span<const int> chosen,
                               const SearchOptions& options);

}
