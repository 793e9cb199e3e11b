#pragma once

#include <cstddef>

#include "examples/translate/base/pairs.h"

namespace gradus::translate {

/// The cross-entropy, in nats, of the target words of `valid` for who knows only how frequent each word is among those
/// of `train`: -log((n + 1) / (N + V)) of a word seen n times, the mean over all. `words` is V, the size of the
/// vocabulary. A model that translates no better has learned nothing of the source, nor of the order of words.
double unigram_cross_entropy(Pairs train, Pairs valid, std::size_t words);

}
