#pragma once

#include <span>
#include <string>
#include <vector>

namespace gradus::translate {

/// Mean and sample standard deviation √(Σ (x - mean)² / (n - 1)).
struct Spread {
  double mean = 0, deviation = 0;
};

/// Mean and standard deviation of two numbers or more. Throws Error for fewer.
Spread spread(std::span<const double> values);

/// What was measured of several models.
struct Measure {
  std::string name;                 ///< `BLEU`
  std::vector<double> values = {};  ///< one a model
  bool lower_is_better = false;
  int decimals = 2;
};

/// A table with a row for every model, in which stars mark the best, and with `has_mean` rows of the mean and the
/// standard deviation under it. There are two models or more.
std::string spread_table(const std::vector<std::string>& models, const std::vector<Measure>& measures,
                         bool has_mean = true);

}
