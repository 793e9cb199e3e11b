#pragma once

#include <string>
#include <vector>

#include "examples/translate/config/config.h"
#include "examples/translate/config/origin.h"
#include "examples/translate/recipe/text_facts.h"

namespace gradus::translate {

/// Values that the text decided together, and why.
struct Decision {
  std::string options;  ///< as a user would give them: `--tokenizer bpe --joint`
  std::string reason;
};

/// Sets what nobody has said of a training to what suits its text: how it is cut into words, the sizes of the model,
/// its dropout, and how long it is trained. What has another origin than Default stays as it is, and the rest is chosen
/// to go with it. Origins of what is set become Text.
///
std::vector<Decision> decide(TrainConfig& config, Origins& origins, const TextFacts& facts);

}
