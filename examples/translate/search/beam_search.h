#pragma once

#include <vector>

#include "examples/translate/search/hypothesis.h"
#include "examples/translate/search/search_tree.h"
#include "examples/translate/search/step_decoder.h"

namespace gradus::translate {

/// Beam search of the n best translations of the chosen sources, in their order. Of each sentence, the `beam` likeliest
/// open hypotheses are extended at every step; those that end are set aside with their final score. What was tried for
/// a single source goes to `tree`, if there is one.
std::vector<NBest> beam_search(std::span<const Member> members, std::span<const int> chosen,
                               const SearchOptions& options, SearchTree* tree = nullptr);

}
