#include "tests/golden/golden.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "ops/elementwise.h"
#include "ops/reduce.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {
#ifdef GRADUS_DOUBLE
constexpr double kTolerance = 1e-10;
#else
constexpr double kTolerance = 1e-5;
#endif
}

Golden::Golden(const std::string& name) : file_(fmt::format("{}/{}.safetensors", GRADUS_GOLDEN_DIR, name)) {}

Golden::Entry Golden::at(const std::string& name) const {
  const auto found = file_.entries().find(name);
  if (found == file_.entries().end()) fail("golden: no tensor \"{}\"", name);
  const std::vector<int> dims(found->second.shape.begin(), found->second.shape.end());
  Entry entry{Shape(dims), {}};
  entry.values.resize(entry.shape.size());
  file_.read({name, {entry.values.data(), entry.shape}});
  return entry;
}

std::vector<int> Golden::ints(const std::string& name) const {
  const Entry entry = at(name);
  return {entry.values.begin(), entry.values.end()};
}

std::vector<std::string> Golden::below(const std::string& prefix) const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : file_.entries()) {
    if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
  }
  return names;
}

void Golden::load(Module& module, const std::string& prefix) const {
  for (gradus::Parameter* parameter : module.parameters()) file_.read({prefix + parameter->name(), parameter->value()});
}

void check_close(const std::string& what, std::span<const Real> actual, const Golden::Entry& expected) {
  REQUIRE_MESSAGE(actual.size() == expected.values.size(), what);
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double scale = std::max(1.0, std::abs(double(expected.values[i])));
    const double error = std::abs(double(actual[i]) - expected.values[i]) / scale;
    if (!(error <= worst)) worst = error, where = i;  // also when it is NaN
  }
  CHECK_MESSAGE(worst <= kTolerance, what, " at ", where, ": ", actual[where], ", expected ", expected.values[where]);
}

void check_close(const std::string& what, Array actual, const Golden::Entry& expected) {
  REQUIRE_MESSAGE(actual.shape == expected.shape, what, " is ", to_string(actual.shape), ", expected ",
                  to_string(expected.shape));
  check_close(what, std::span<const Real>(actual.data, actual.size()), expected);
}

GoldenCase::GoldenCase(const std::string& file, const std::string& name) : golden_(file), name_(name) {}

Tensor GoldenCase::input(const std::string& name, Kind kind) {
  Tensor& tensor = inputs_[name];
  if (tensor) return tensor;
  const Golden::Entry entry = golden_.at(name_ + "/input/" + name);
  if (kind == Variable) return tensor = variable(entry.shape, entry.values);
  std::unique_ptr<Leaf>& leaf = own_leaves_[name] = std::make_unique<Leaf>(name, entry.shape);
  std::copy(entry.values.begin(), entry.values.end(), leaf->value().begin());
  leaves_[name] = leaf.get();
  return tensor = leaf->tensor();
}

void GoldenCase::load(Module& module) {
  golden_.load(module, name_ + "/input/");
  for (gradus::Parameter* parameter : module.parameters()) leaves_[parameter->name()] = parameter;
}

void GoldenCase::check(const std::map<std::string, Tensor>& outputs) {
  Tensor loss = constant({}, {0});
  for (const std::string& name : golden_.below(name_ + "/output/")) {
    Tensor output = outputs.at(name);
    check_close(name_ + ": " + name, output.value(), golden_.at(name_ + "/output/" + name));
    const Golden::Entry cotangent = golden_.at(name_ + "/cotangent/" + name);
    loss = loss + sum(constant(cotangent.shape, cotangent.values) * output);
  }
  tape_.backward(loss);
  for (const std::string& name : golden_.below(name_ + "/gradient/")) {
    const ConstArray gradient = leaves_.contains(name) ? leaves_.at(name)->grad() : inputs_.at(name).grad();
    check_close(name_ + ": gradient of " + name, gradient, golden_.at(name_ + "/gradient/" + name));
  }
}

}
