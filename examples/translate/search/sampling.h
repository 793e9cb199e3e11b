#pragma once

#include <span>
#include <vector>

#include "examples/translate/search/allowed_words.h"
#include "examples/translate/search/hypothesis.h"
#include "examples/translate/search/step_decoder.h"

namespace gradus::translate {

/// The word at `uniform`, in [0, 1), of the distribution that the options make of the scores and the allowed words;
/// </s> if no word is allowed.
int sample_word(std::span<const Real> scores, const AllowedWords& allowed, const SamplingOptions& options,
                double uniform);

/// `n_best` translations of each chosen source, drawn independently of each other, so that the same one may come
/// twice; the one with the best final score comes first. lines[i] is what stands for source i in the random numbers.
/// Their log-probabilities are the model's own, at temperature 1 and of all words.
std::vector<NBest> sample(std::span<const Member> members, std::span<const std::uint64_t> lines,
                          std::span<const int> chosen, const SearchOptions& options);

}
