#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "autograd/tensor.h"
#include "nn/rng.h"

/// First values of parameters. A parameter is declared with its rule, and has its values from then on:
///
///     Parameter weight{this, "weight", {out, in}, init::xavier_uniform()};
///
/// The numbers depend on the process's seed and on the parameter's path, and on nothing else: a model begins with the
/// same values in every run, and adding a layer to it leaves the values of the others as they were. Two models in which
/// paths are the same begin alike; `set_seed` in between makes them differ, and `initialize` (nn/module.h) afterwards:
///
///     initialize(model, 7);                               // every parameter by its own rule again, from seed 7
///     initialize(model, 7, init::uniform(-0.08, 0.08));   // all of them by this rule

namespace gradus::inline GRADUS_PRECISION {

/// A rule: fills the values of a parameter.
using Init = std::function<void(Array values, Rng& rng)>;

/// Rules for matrices look at a parameter as (first axis, all others) = (outputs, inputs), the layout of every weight
/// here, and throw for a parameter with less than two axes.
namespace init {

/// All 0.
Init zeros();
/// All the same.
Init constant(Real value);
/// In [low, high).
Init uniform(double low, double high);
/// N(mean, deviation²).
Init normal(double mean = 0, double deviation = 1);
/// U(±g √(6 / (inputs + outputs))), and N(0, 2 g² / (inputs + outputs)): keep the variance of values and gradients from
/// layer to layer (Glorot, Bengio 2010, eq. 16 and 12).
Init xavier_uniform(double gain = 1);
Init xavier_normal(double gain = 1);
/// U(±g √(3 / inputs)): keeps the variance of the values (He et al. 2015, eq. 10; its g for relu is √2).
Init kaiming_uniform(double gain = 1.4142135623730951);
/// A random matrix whose rows, or columns if they are fewer, are orthogonal and of length g (Saxe et al. 2014).
Init orthogonal(double gain = 1);

/// U(±1/√size), what PyTorch begins its linear (size: inputs) and recurrent layers (size: hidden) with.
Init inverse_sqrt(int size);

}

/// The seed of all modules constructed from now on; 1 at the start of the program.
void set_seed(std::uint64_t seed);
std::uint64_t initial_seed();

/// While one lives, parameters that this thread declares stay zero: for a model whose values are about to be read from
/// a file.
class WithoutInit {
 public:
  /// Throws for a parameter that the file does not have.
  using Check = std::function<void(const std::string& path, const Shape& shape)>;

  WithoutInit() : WithoutInit(Check()) {}
  /// Parameters are shown to `check` before they take memory.
  explicit WithoutInit(Check check);
  ~WithoutInit();
  WithoutInit(const WithoutInit&) = delete;
  WithoutInit& operator=(const WithoutInit&) = delete;

  /// Whether one lives on this thread.
  static bool active();
  /// Throws as the check of the last one that lives on this thread does.
  static void require(const std::string& path, const Shape& shape);

 private:
  Check check_;
  WithoutInit* outer_;
};

}
