#include "autograd/inspect/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr std::size_t kMany = 200;           // with more numbers than that, shorter axes are cut too
constexpr int kLargest = 6, kSmallest = -4;  // powers of ten that are written out
constexpr int kFarApart = 6;                 // powers of ten between numbers that share a scale
constexpr int kScalable = 300;               // powers of ten that a double can be divided by

/// The power of ten of the first of so many digits: of 9.996 with three digits 1.
int power_of(double x, int digits) {
  const std::string text = fmt::format("{:.{}e}", x, digits - 1);
  return std::stoi(text.substr(text.find('e') + 1));
}

/// A number in two parts, of which the first one ends, and the second one begins, where all have their point.
struct Text {
  std::string whole, fraction;
};

/// How all numbers are written.
struct Notation {
  explicit Notation(const std::vector<double>& numbers, int digits) : digits(digits) {
    int least = kScalable, most = -kScalable;
    bool any = false;
    for (const double x : numbers) {
      if (!std::isfinite(x) || x == 0) continue;
      any = true;
      const int power = power_of(x, digits);
      least = std::min(least, power);
      most = std::max(most, power);
    }
    if (!any) return;
    each_has_power = most - least >= kFarApart || most >= kScalable || least <= -kScalable;
    if (!each_has_power && (most >= kLargest || most < kSmallest)) scale = most;
  }

  Text text(double x) const {
    if (std::isnan(x)) return {"nan", ""};
    if (std::isinf(x) || x == 0) return {fmt::format("{}", x), ""};
    if (each_has_power) return split(fmt::format("{:.{}e}", x, digits - 1));
    const double scaled = x / std::pow(10.0, scale);
    const int decimals = std::max(0, digits - 1 - power_of(scaled, digits));
    std::string text = fmt::format("{:.{}f}", scaled, decimals);
    if (decimals > 0) text.resize(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return split(text);
  }

  int digits;
  int scale = 0;  // the common power of ten
  bool each_has_power = false;

 private:
  static Text split(const std::string& text) {
    const std::size_t end = std::min(text.find_first_of(".e"), text.size());
    return {text.substr(0, end), text.substr(end)};
  }
};

class Printer {
 public:
  Printer(const ConstArray& array, const PrintOptions& options) : array_(array), options_(options) {
    longest_ = options.longest;
    if (shown_count() > kMany) longest_ = std::min(longest_, 2 * options.edge);
  }

  std::string text() {
    std::vector<double> numbers;
    each(0, 0, [&](std::size_t i) { numbers.push_back(array_[i]); });
    const Notation notation(numbers, options_.digits);
    for (const double x : numbers) texts_.push_back(notation.text(x));
    for (const Text& text : texts_) {
      if (text.fraction.empty() && !std::isdigit(static_cast<unsigned char>(text.whole.back()))) continue;
      whole_width_ = std::max(whole_width_, text.whole.size());
      fraction_width_ = std::max(fraction_width_, text.fraction.size());
    }
    for (const Text& text : texts_) {  // nan and inf, which have no point, take all of the column
      if (text.whole.size() > whole_width_ + fraction_width_) whole_width_ = text.whole.size() - fraction_width_;
    }
    std::string result = to_string(array_.shape);
    if (notation.scale != 0) result += fmt::format(" 1e{:+03} ×", notation.scale);
    if (array_.size() == 0) return result + " []";
    result += array_.rows() == 1 ? ' ' : '\n';
    write(0, result);
    return result;
  }

 private:
  /// Positions of an axis that are shown, -1 standing for those between.
  std::vector<int> shown(int axis) const {
    const int length = array_.shape[axis], edge = options_.edge;
    std::vector<int> positions;
    for (int i = 0; i < length; ++i) {
      if (length > longest_ && i == edge) {
        positions.push_back(-1);
        i = std::max(i, length - edge);
      }
      if (i < length) positions.push_back(i);
    }
    return positions;
  }

  std::size_t shown_count() const {
    std::size_t count = 1;
    for (int axis = 0; axis < array_.shape.rank(); ++axis) count *= shown(axis).size();
    return count;
  }

  /// Calls visit(flat place) for all numbers that are shown.
  template <class Visit>
  void each(int axis, std::size_t begin, const Visit& visit) const {
    if (axis == array_.shape.rank()) return visit(begin);
    for (const int i : shown(axis)) {
      if (i >= 0) each(axis + 1, begin * array_.shape[axis] + i, visit);
    }
  }

  void write(int axis, std::string& result) {
    const int rank = array_.shape.rank();
    if (axis == rank) {
      result += padded(texts_[next_++]);
      return;
    }
    const std::string between =
        axis == rank - 1 ? " " : std::string(rank - axis - 1, '\n') + std::string(axis + 1, ' ');
    result += '[';
    const std::vector<int> positions = shown(axis);
    for (std::size_t k = 0; k < positions.size(); ++k) {
      if (k > 0) result += between;
      if (positions[k] >= 0) {
        write(axis + 1, result);
      } else {
        result += "…";
      }
    }
    result += ']';
  }

  std::string padded(const Text& text) const {
    if (text.fraction.empty() && !std::isdigit(static_cast<unsigned char>(text.whole.back()))) {
      return fmt::format("{:>{}}", text.whole, whole_width_ + fraction_width_);
    }
    return fmt::format("{:>{}}{:<{}}", text.whole, whole_width_, text.fraction,
                       array_.shape.rank() == 0 ? 0 : fraction_width_);
  }

  const ConstArray& array_;
  const PrintOptions& options_;
  int longest_;
  std::vector<Text> texts_;
  std::size_t next_ = 0, whole_width_ = 0, fraction_width_ = 0;
};

}

std::string to_string(const ConstArray& array, const PrintOptions& options) { return Printer(array, options).text(); }

std::string to_string(const Tensor& tensor, const PrintOptions& options) { return to_string(tensor.value(), options); }

void print(const ConstArray& array) { fmt::print("{}\n", to_string(array)); }
void print(const Tensor& tensor) { print(tensor.value()); }
void print(std::string_view name, const ConstArray& array) { fmt::print("{} {}\n", name, to_string(array)); }
void print(std::string_view name, const Tensor& tensor) { print(name, tensor.value()); }

std::ostream& operator<<(std::ostream& stream, const ConstArray& array) { return stream << to_string(array); }
std::ostream& operator<<(std::ostream& stream, const Tensor& tensor) { return stream << to_string(tensor); }

}

fmt::appender fmt::formatter<gradus::ConstArray>::format(const gradus::ConstArray& array,
                                                         fmt::format_context& context) const {
  const std::string text = gradus::to_string(array, {.digits = digits});
  return std::copy(text.begin(), text.end(), context.out());
}

fmt::appender fmt::formatter<gradus::Tensor>::format(const gradus::Tensor& tensor, fmt::format_context& context) const {
  return fmt::formatter<gradus::ConstArray>::format(tensor.value(), context);
}
