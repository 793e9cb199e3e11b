#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "nn/storage/safetensors.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/golden/samples/sample.h"

using namespace gradus;

namespace {

/// How many of the folder's samples have words.
constexpr int kExpressed = 6699;

/// A file of make_samples.py: GRADUS_TORCH_SAMPLES, or the one of this folder.
struct Samples {
  std::vector<Real> numbers;
  Json list;

  Samples() {
    const char* const path = std::getenv("GRADUS_TORCH_SAMPLES");
    const SafetensorsFile file(path != nullptr ? path : GRADUS_GOLDEN_DIR "/samples/samples.safetensors");
    const int size = static_cast<int>(file.entries().at("numbers").shape[0]);
    numbers.resize(size);
    file.read({"numbers", {numbers.data(), {size}}});
    list = Json::parse(file.metadata().at("samples"));
  }
};

/// The cotangent of make_samples.py.
std::vector<Real> cotangent(std::size_t size) {
  std::vector<Real> result(size);
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<Real>(i * 37 % 101) / 50 - 1;
  return result;
}

/// What differs between an array and the place in the file that says what it should be; "" if nothing does.
std::string difference(ConstArray actual, const Json& expected, const Samples& samples) {
  const std::vector<int> shape = expected["shape"].items_as<int>();
  if (to_string(actual.shape) != to_string(shape)) {
    return fmt::format("is {}, expected {}", to_string(actual.shape), to_string(shape));
  }
  const Real* const numbers = samples.numbers.data() + expected["at"].as<std::uint64_t>();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Real a = actual[i], e = numbers[i];
    const bool equal =
        a == e || (std::isnan(a) && std::isnan(e)) || std::abs(a - e) <= 1e-10 * std::max(Real(1), std::abs(e));
    if (!equal) return fmt::format("at {} of {}: {}, expected {}", i, to_string(shape), a, e);
  }
  return "";
}

/// What Gradus gets wrong of a sample; "" if all agrees. Throws Unexpressed.
std::string disagreement(const Json& sample, const Words& words, const Samples& samples) {
  Tape tape;
  Call call(sample, samples.numbers);
  const auto found = words.find(call.op());
  if (found == words.end()) throw Unexpressed{"no such op"};
  const std::vector<Tensor> outputs = found->second(call);
  if (const std::string unread = call.unread(); !unread.empty()) throw Unexpressed{unread};

  const auto& expected = sample["outputs"].items();
  if (outputs.size() != expected.size()) return fmt::format("{} outputs, expected {}", outputs.size(), expected.size());
  Tensor loss = constant({}, {0});
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& y = outputs[i];
    if (const std::string text = difference(y.value(), expected[i], samples); !text.empty()) {
      return fmt::format("output {} {}", i, text);
    }
    if (y.needs_grad()) loss = loss + sum(constant(y.shape(), cotangent(y.size())) * y);
  }
  const Json* const gradients = sample.find("gradients");
  if (gradients == nullptr) return "";
  if (loss.needs_grad()) tape.backward(loss);
  for (std::size_t i = 0; i < call.variables().size(); ++i) {
    const std::string text = difference(std::as_const(call.variables()[i]).grad(), (*gradients)[i], samples);
    if (!text.empty()) return fmt::format("gradient {} {}", i, text);
  }
  return "";
}

}

TEST_CASE("PyTorch's own samples of the ops agree in value and gradient") {
  const Samples samples;
  Words words;
  for (const auto add : {add_elementwise, add_reducing, add_shapes, add_products, add_layers, add_losses}) add(words);

  int expressed = 0;
  std::map<std::string, int> unexpressed, wrong;  // how many, by op and reason
  for (const Json& sample : samples.list.items()) {
    const std::string op = sample["op"].as<std::string>();
    try {
      const std::string text = disagreement(sample, words, samples);
      ++expressed;
      if (!text.empty() && ++wrong[op] <= 3) {
        FAIL_CHECK(fmt::format("{}: {}\n{:.600}", op, text,
                               fmt::format("{} {}", sample["args"].dump(), sample["kwargs"].dump())));
      }
    } catch (const Unexpressed& error) {
      ++unexpressed[fmt::format("{}: {}", op, error.why)];
    } catch (const Error& error) {
      ++unexpressed[fmt::format("refused by {}", std::string_view(error.what()).substr(0, 60))];
    }
  }
  std::string left;
  for (const auto& [reason, count] : unexpressed) left += fmt::format("\n{:5} {}", count, reason);
  MESSAGE(fmt::format("{} of {} samples are expressed; not these:{}", expressed, samples.list.size(), left));
  std::string faults;
  for (const auto& [op, count] : wrong) faults += fmt::format("\n{:5} {}", count, op);
  CHECK_MESSAGE(wrong.empty(), "these disagree:", faults);
  CHECK(expressed >= kExpressed);
}
