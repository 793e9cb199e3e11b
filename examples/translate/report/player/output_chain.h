#pragma once

#include <span>
#include <string>
#include <vector>

#include "examples/translate/report/player/replay.h"

namespace gradus::translate {

/// What comes of the weights of attention until the scores of the words, read off a tape: the ops in their order. A
/// page that is given the numbers they read can compute them anew, for weights that somebody else chose.
struct OutputChain {
  struct Op {
    const Node* last;  ///< of its outputs
    std::vector<const Node*> outputs;
  };
  struct Step {
    const Node *weights, *logits;
    std::vector<Op> ops;
  };
  std::vector<Step> steps;
  std::vector<const Node*> given;  ///< all that the ops of a step read and none of it computes, each once
  std::string obstacle;            ///< why a page cannot compute them; empty if it can

  static constexpr std::size_t kMostBytes = 2'000'000;  ///< of what is given, as base64
};

/// The chain of a replay, on the active tape.
OutputChain output_chain(const Replay& replay);

/// The ops that translation.js computes.
std::span<const char* const> computable_ops();

}
