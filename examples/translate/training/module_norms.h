#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/module.h"

namespace gradus::translate {

/// The Euclidean norm of all gradients, or of all weights, of a module.
struct ModuleNorm {
  std::string module;  ///< its path: `encoder.rnn`
  double norm;
};

/// The norms of a model's modules, in the order in which they are declared, from those of its parameters, one each. A
/// module is here what has a path of two names at most: `decoder.attention` stands for all that it holds, and `decoder`
/// for its own parameters alone. So a usual model has about ten, few enough for one picture.
std::vector<ModuleNorm> module_norms(std::span<Parameter* const> parameters, std::span<const double> norms);

}
