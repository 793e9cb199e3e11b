#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "tests/golden/samples/sample.h"
#include "tests/golden/samples/sample_file.h"

using namespace gradus;

namespace {

/// How many of the folder's samples have words.
constexpr int kExpressedOps = 6996;

/// What Gradus gets wrong of a sample; "" if all agrees. Throws Unexpressed.
std::string disagreement(const Json& sample, const Words& words, const SampleFile& file) {
  Tape tape;
  Call call(sample, file.numbers);
  const auto found = words.find(call.op());
  if (found == words.end()) throw Unexpressed{"no such op"};
  const std::vector<Tensor> outputs = found->second(call);
  if (const std::string unread = call.unread(); !unread.empty()) throw Unexpressed{unread};
  if (const std::string text = file.difference(outputs, sample["outputs"]); !text.empty()) return text;
  const Json* const gradients = sample.find("gradients");
  if (gradients == nullptr) return "";
  backward_from(outputs);
  for (std::size_t i = 0; i < call.variables().size(); ++i) {
    const std::string text = file.difference(std::as_const(call.variables()[i]).grad(), (*gradients)[i]);
    if (!text.empty()) return fmt::format("gradient {} {}", i, text);
  }
  return "";
}

}

TEST_CASE("PyTorch's own samples of the ops agree in value and gradient") {
  const char* const path = std::getenv("GRADUS_TORCH_SAMPLES");
  const SampleFile file(path != nullptr ? path : GRADUS_GOLDEN_DIR "/samples/samples.safetensors");
  Words words;
  for (const auto add : {add_elementwise, add_reducing, add_shapes, add_products, add_layers, add_losses}) add(words);
  Tally tally;
  for (const Json& sample : file.list.items()) {
    tally.add(sample["op"].as<std::string>(), sample, [&] { return disagreement(sample, words, file); });
  }
  tally.report(kExpressedOps);
}
