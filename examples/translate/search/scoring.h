#pragma once

#include <span>
#include <vector>

#include "examples/translate/search/step_decoder.h"

namespace gradus::inline GRADUS_PRECISION {
class ThreadPool;
}

namespace gradus::translate {

/// Forced decoding: log P(y_t | y_1 … y_{t-1}, source) of every word of every target, in nats, its </s> included, by an
/// ensemble whose probabilities are averaged. targets[i] ends with </s> and translates source i.
std::vector<std::vector<double>> score_targets(std::span<const Member> members,
                                               std::span<const std::vector<int>> targets, int batch_size,
                                               ThreadPool& pool);

/// The weights with which each word of every target attended to its source while it was predicted: of all words the
/// attention of a Hypothesis, (words, S) row-major, the mean over the members that have attention.
std::vector<std::vector<Real>> attend_targets(std::span<const Member> members,
                                              std::span<const std::vector<int>> targets, int batch_size,
                                              ThreadPool& pool);

}
