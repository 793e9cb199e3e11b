#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// A small generator of random numbers for initial values and for shuffling: SplitMix64 (Steele, Lea, Flood 2014,
/// "Fast splittable pseudorandom number generators", fig. 14). Its numbers are the same on every machine and with every
/// standard library, which those of <random>'s distributions are not.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  /// 64 random bits.
  std::uint64_t next();
  /// In [0, 1), with 53 random bits.
  double uniform();
  /// In [low, high).
  double uniform(double low, double high);
  /// A number from the normal distribution of mean 0 and variance 1 (Marsaglia's polar method).
  double normal();
  /// One of 0, 1, … count - 1, all equally likely; `count` must be at least 1.
  std::uint64_t below(std::uint64_t count);

  /// Brings the values into a random order, every order equally likely (Fisher and Yates).
  template <class Value>
  void shuffle(std::span<Value> values) {
    for (std::size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[below(left)]);
  }

  /// All there is to save of a generator: `Rng(rng.state())` goes on where `rng` is.
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

/// A seed for one of many things that have a seed in common, such as the shards of a step.
std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t number);
std::uint64_t derive_seed(std::uint64_t seed, std::string_view name);

}
