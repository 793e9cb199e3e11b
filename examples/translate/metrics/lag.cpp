#include "examples/translate/metrics/lag.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "autograd/error.h"

namespace gradus::translate {

Lag lag_of(std::span<const int> delays, int source_length) {
  if (delays.empty() || source_length < 1) {
    fail("lag: {} delays for {} words of the source; need at least one of each", delays.size(), source_length);
  }
  const double x = source_length, y = static_cast<double>(delays.size());
  const auto all_read = std::find_if(delays.begin(), delays.end(), [&](int delay) { return delay >= source_length; });
  const auto tau = std::min<std::size_t>(all_read - delays.begin() + 1, delays.size());
  double lagging = 0;
  for (std::size_t t = 0; t < tau; ++t) lagging += delays[t] - static_cast<double>(t) * x / y;
  return {lagging / static_cast<double>(tau), std::accumulate(delays.begin(), delays.end(), 0.0) / (x * y)};
}

Lag mean_of(std::span<const Lag> lags) {
  Lag sum;
  for (const Lag& lag : lags) {
    sum.average_lagging += lag.average_lagging;
    sum.average_proportion += lag.average_proportion;
  }
  const auto count = static_cast<double>(lags.size());
  return {sum.average_lagging / count, sum.average_proportion / count};
}

}
