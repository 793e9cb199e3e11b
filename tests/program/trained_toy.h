#pragma once

#include <string>
#include <vector>

#include "examples/translate/text/text.h"
#include "tests/program/training_run.h"
#include "tests/support/temporary_folder.h"

/// Models that have learnt part of the toy language, well enough to translate, and not so well that nothing is left to
/// be gained. Some men in it have names of their own, which the models know as <unk>.
namespace gradus::translate {

struct TrainedToy {
  TrainedToy();

  TemporaryFolder folder;
  std::string a, b;   ///< folders of models that differ in their seed; the first one keeps its epochs
  ParallelText test;  ///< sentences that no model has seen
  std::vector<TrueAlignment> alignments;  ///< of `test`
  ParallelText names;                     ///< sentences with names that no model has seen
  std::string dictionary;                 ///< a file with translations of the names of `names`
};

/// Trained when it is first asked for.
const TrainedToy& trained_toy();

/// The configuration of these models, which a test may train otherwise.
TrainConfig trained_toy_config();

}
