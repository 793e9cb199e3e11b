#include "nn/rng.h"

#include <cmath>

#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {

std::uint64_t Rng::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double Rng::uniform(double low, double high) { return low + (high - low) * uniform(); }

double Rng::normal() {
  // A point of the unit disc; its square radius s is uniform in (0, 1) and independent of its direction.
  double x, s;
  do {
    x = uniform(-1, 1);
    const double y = uniform(-1, 1);
    s = x * x + y * y;
  } while (s >= 1 || s == 0);
  // Our own logarithm, since the last bit of the C library's differs from version to version.
  return x * std::sqrt(-2 * static_cast<double>(log_approx(static_cast<Real>(s))) / s);
}

std::uint64_t Rng::below(std::uint64_t count) {
  // The lowest 2^64 mod count numbers are left out, so that the others divide evenly.
  const std::uint64_t excess = (0 - count) % count;
  std::uint64_t number;
  do number = next();
  while (number < excess);
  return number % count;
}

std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t number) { return Rng(Rng(seed).next() + number).next(); }

std::uint64_t derive_seed(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return derive_seed(seed, hash);
}

}
