#pragma once

#include <string>
#include <vector>

#include "examples/translate/data/batches.h"

/// What the benchmarks of the training step have in common: the corpus, and its batches of 64 pairs.

namespace gradus::bench {

struct Data {
  int source_words = 0, target_words = 0;  ///< sizes of the vocabularies of frequency 2 and more
  std::vector<translate::Pair> pairs;
  translate::Batches batches;  ///< of 64 pairs each
};

/// `folder` holds train.de and train.en, one tokenised sentence a line.
Data read_data(const std::string& folder);

/// Seconds of a clock that only goes forward.
double seconds();

}
