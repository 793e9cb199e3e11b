#include "tests/golden/samples/sample_file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "nn/storage/safetensors.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

SampleFile::SampleFile(const std::string& path) {
  const SafetensorsFile file(path);
  const int size = static_cast<int>(file.entries().at("numbers").shape[0]);
  numbers.resize(size);
  file.read({"numbers", {numbers.data(), {size}}});
  list = Json::parse(file.metadata().at("samples"));
}

std::string SampleFile::difference(ConstArray actual, const Json& expected) const {
  const std::vector<int> shape = expected["shape"].items_as<int>();
  if (to_string(actual.shape) != to_string(shape)) {
    return fmt::format("is {}, expected {}", to_string(actual.shape), to_string(shape));
  }
  const Real* const values = numbers.data() + expected["at"].as<std::uint64_t>();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Real a = actual[i], e = values[i];
    const bool equal =
        a == e || (std::isnan(a) && std::isnan(e)) || std::abs(a - e) <= 1e-10 * std::max(Real(1), std::abs(e));
    if (!equal) return fmt::format("at {} of {}: {}, expected {}", i, to_string(shape), a, e);
  }
  return "";
}

std::string SampleFile::difference(std::span<const Tensor> outputs, const Json& expected) const {
  if (outputs.size() != expected.size()) return fmt::format("{} outputs, expected {}", outputs.size(), expected.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string text = difference(std::as_const(outputs[i]).value(), expected[i]);
    if (!text.empty()) return fmt::format("output {} {}", i, text);
  }
  return "";
}

void backward_from(std::span<const Tensor> outputs) {
  Tensor loss = constant({}, {0});
  for (const Tensor& y : outputs) {
    if (!y.needs_grad()) continue;
    std::vector<Real> cotangent(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) cotangent[i] = static_cast<Real>(i * 37 % 101) / 50 - 1;
    loss = loss + sum(constant(y.shape(), cotangent) * y);
  }
  if (loss.needs_grad()) Tape::active().backward(loss);
}

void Tally::add(const std::string& name, const Json& sample, const std::function<std::string()>& disagreement) {
  constexpr int kMostShown = 3;
  ++all_;
  try {
    const std::string text = disagreement();
    ++expressed_;
    if (text.empty() || ++wrong_[name] > kMostShown) return;
    FAIL_CHECK(fmt::format("{}: {}\n{:.800}", name, text, sample.dump()));
  } catch (const Unexpressed& error) {
    ++unexpressed_[fmt::format("{}: {}", name, error.why)];
  } catch (const Error& error) {
    ++unexpressed_[fmt::format("{}: refused by {}", name, std::string_view(error.what()).substr(0, 60))];
  }
}

void Tally::report(int expressed) const {
  std::string left, faults;
  for (const auto& [reason, count] : unexpressed_) left += fmt::format("\n{:5} {}", count, reason);
  MESSAGE(fmt::format("{} of {} samples are expressed; not these:{}", expressed_, all_, left));
  for (const auto& [name, count] : wrong_) faults += fmt::format("\n{:5} {}", count, name);
  CHECK_MESSAGE(wrong_.empty(), "these disagree:", faults);
  CHECK(expressed_ >= expressed);
}

}
