#pragma once

#include <span>

#include "autograd/tape.h"

namespace gradus::translate {

/// What training drops of word vectors: whole words first, then numbers of the vectors that are left.
struct WordVectorDropout {
  Real words = 0, numbers = 0;
};

/// The vectors of the words, y[i] = table[ids[i]]; with `dropout` in training only.   table: (V, E), ids: (N) -> (N, E)
Tensor word_vectors(Tensor table, std::span<const int> ids, const WordVectorDropout& dropout);

}
