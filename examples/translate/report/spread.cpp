#include "examples/translate/report/spread.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/error.h"
#include "examples/translate/base/number.h"
#include "examples/translate/report/table.h"

namespace gradus::translate {

namespace {

Column column_of(const Measure& measure, bool has_mean) {
  const auto [low, high] = std::ranges::minmax(measure.values);
  const double best = measure.lower_is_better ? low : high;
  Column column{measure.name + " ", {}};
  const auto add = [&](double value, char mark) { column.cells.push_back(readable(value, measure.decimals) + mark); };
  for (const double value : measure.values) add(value, value == best ? '*' : ' ');
  if (!has_mean) return column;
  const auto [mean, deviation] = spread(measure.values);
  add(mean, ' ');
  add(deviation, ' ');
  return column;
}

}

Spread spread(std::span<const double> values) {
  if (values.size() < 2) fail("spread: {} numbers; need at least 2", values.size());
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count - 1))};
}

std::string spread_table(const std::vector<std::string>& models, const std::vector<Measure>& measures, bool has_mean) {
  std::vector<Column> columns = {{"model", models}};
  if (has_mean) columns.front().cells.insert(columns.front().cells.end(), {"mean", "standard deviation"});
  for (const Measure& measure : measures) columns.push_back(column_of(measure, has_mean));
  return table_text(columns) + "  * the best\n";
}

}
