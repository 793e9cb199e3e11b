#include "nn/init.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::atomic<std::uint64_t> process_seed{1};
thread_local WithoutInit* without_init = nullptr;  // the innermost

void require_not_negative(const char* rule, const char* name, double value) {
  if (!(value >= 0 && std::isfinite(value))) fail("{}: bad {}: {}; need 0 or more", rule, name, value);
}

struct Fans {
  double in, out;
};

Fans fans(const char* rule, const Array& values) {
  if (values.shape.rank() < 2) {
    fail("{}: the parameter is {}; need at least two axes, (outputs, inputs)", rule, values.shape);
  }
  const int out = values.shape[0];
  return {static_cast<double>(values.size()) / std::max(out, 1), static_cast<double>(out)};
}

void fill_uniform(Array values, Rng& rng, double low, double high) {
  for (Real& value : values) value = static_cast<Real>(rng.uniform(low, high));
}

void fill_normal(Array values, Rng& rng, double mean, double deviation) {
  for (Real& value : values) value = static_cast<Real>(mean + deviation * rng.normal());
}

double dot(const double* a, const double* b, std::size_t n) {
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += a[i] * b[i];
  return total;
}

/// `count` vectors of length n, orthogonal and of length 1: Gram and Schmidt's process on normal ones. Each vector is
/// freed from the earlier ones twice, since the first time leaves rounding errors of the size of what it took away.
std::vector<double> orthogonal_vectors(std::size_t count, std::size_t n, Rng& rng) {
  std::vector<double> vectors(count * n);
  for (std::size_t i = 0; i < count; ++i) {
    double* v = &vectors[i * n];
    for (std::size_t k = 0; k < n; ++k) v[k] = rng.normal();
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < i; ++j) {
        const double* u = &vectors[j * n];
        const double along = dot(u, v, n);
        for (std::size_t k = 0; k < n; ++k) v[k] -= along * u[k];
      }
    }
    const double length = std::sqrt(dot(v, v, n));
    for (std::size_t k = 0; k < n; ++k) v[k] /= length;
  }
  return vectors;
}

}

namespace init {

Init zeros() { return constant(0); }

Init constant(Real value) {
  return [=](Array values, Rng&) { std::fill(values.begin(), values.end(), value); };
}

Init uniform(double low, double high) {
  if (!(low <= high && std::isfinite(low) && std::isfinite(high))) {
    fail("uniform: bad range: [{}, {}); need low <= high", low, high);
  }
  return [=](Array values, Rng& rng) { fill_uniform(values, rng, low, high); };
}

Init normal(double mean, double deviation) {
  if (!std::isfinite(mean)) fail("normal: bad mean: {}; need a number", mean);
  require_not_negative("normal", "deviation", deviation);
  return [=](Array values, Rng& rng) { fill_normal(values, rng, mean, deviation); };
}

Init xavier_uniform(double gain) {
  require_not_negative("xavier_uniform", "gain", gain);
  return [=](Array values, Rng& rng) {
    const auto [in, out] = fans("xavier_uniform", values);
    const double bound = gain * std::sqrt(6 / (in + out));
    fill_uniform(values, rng, -bound, bound);
  };
}

Init xavier_normal(double gain) {
  require_not_negative("xavier_normal", "gain", gain);
  return [=](Array values, Rng& rng) {
    const auto [in, out] = fans("xavier_normal", values);
    fill_normal(values, rng, 0, gain * std::sqrt(2 / (in + out)));
  };
}

Init kaiming_uniform(double gain) {
  require_not_negative("kaiming_uniform", "gain", gain);
  return [=](Array values, Rng& rng) {
    const double bound = gain * std::sqrt(3 / fans("kaiming_uniform", values).in);
    fill_uniform(values, rng, -bound, bound);
  };
}

Init orthogonal(double gain) {
  require_not_negative("orthogonal", "gain", gain);
  return [=](Array values, Rng& rng) {
    const auto [in, out] = fans("orthogonal", values);
    const auto rows = static_cast<std::size_t>(out), cols = static_cast<std::size_t>(in);
    const std::vector<double> vectors = orthogonal_vectors(std::min(rows, cols), std::max(rows, cols), rng);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < cols; ++j) {
        values[i * cols + j] = static_cast<Real>(gain * vectors[rows <= cols ? i * cols + j : j * rows + i]);
      }
    }
  };
}

Init inverse_sqrt(int size) {
  const double bound = 1 / std::sqrt(std::max(size, 1));
  return uniform(-bound, bound);
}

}

void set_seed(std::uint64_t seed) { process_seed = seed; }
std::uint64_t initial_seed() { return process_seed; }

WithoutInit::WithoutInit(Check check) : check_(std::move(check)), outer_(std::exchange(without_init, this)) {}
WithoutInit::~WithoutInit() { without_init = outer_; }
bool WithoutInit::active() { return without_init != nullptr; }

void WithoutInit::require(const std::string& path, const Shape& shape) {
  if (without_init != nullptr && without_init->check_) without_init->check_(path, shape);
}

}
