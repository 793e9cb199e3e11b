#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "nn/state_dict.h"
#include "tests/golden/samples/module_words.h"
#include "tests/golden/samples/sample_file.h"

using namespace gradus;

namespace {

/// How many of the folder's samples have words.
constexpr int kExpressed = 418;

/// Modules that are functions with the constructor's arguments, by the names of PyTorch's functions.
const std::map<std::string, std::string> kFunctions = {
    {"BCELoss", "nn.functional.binary_cross_entropy"},
    {"BCEWithLogitsLoss", "nn.functional.binary_cross_entropy_with_logits"},
    {"CrossEntropyLoss", "nn.functional.cross_entropy"},
    {"ELU", "nn.functional.elu"},
    {"GELU", "nn.functional.gelu"},
    {"Hardtanh", "nn.functional.hardtanh"},
    {"HuberLoss", "nn.functional.huber_loss"},
    {"KLDivLoss", "nn.functional.kl_div"},
    {"L1Loss", "nn.functional.l1_loss"},
    {"LeakyReLU", "nn.functional.leaky_relu"},
    {"LogSigmoid", "nn.functional.logsigmoid"},
    {"LogSoftmax", "log_softmax"},
    {"MSELoss", "nn.functional.mse_loss"},
    {"Mish", "nn.functional.mish"},
    {"NLLLoss", "nn.functional.nll_loss"},
    {"ReLU", "nn.functional.relu"},
    {"ReLU6", "nn.functional.relu6"},
    {"SiLU", "nn.functional.silu"},
    {"Sigmoid", "sigmoid"},
    {"SmoothL1Loss", "nn.functional.smooth_l1_loss"},
    {"Softmax", "softmax"},
    {"Softmin", "nn.functional.softmin"},
    {"Softplus", "nn.functional.softplus"},
    {"Tanh", "tanh"},
};

/// The call of the function that such a module is.
Json call_of_function(const Json& sample, const std::string& name) {
  Json kwargs = sample["constructor"]["kwargs"];
  const Json& forward = sample["forward"];
  for (const auto& [name, value] : forward["kwargs"].members()) kwargs.set(name, value);
  return Json::object({{"op", name}, {"args", forward["args"]}, {"kwargs", kwargs}});
}

std::string wrong_gradient(Call& call, const Json& expected, const SampleFile& file) {
  for (std::size_t i = 0; i < call.variables().size() && i < expected.size(); ++i) {
    const std::string text = file.difference(std::as_const(call.variables()[i]).grad(), expected[i]);
    if (!text.empty()) return fmt::format("gradient {} {}", i, text);
  }
  return "";
}

std::string wrong_function(const Json& sample, const std::string& name, const Words& words, const SampleFile& file) {
  Tape tape;
  const Json json = call_of_function(sample, name);
  Call call(json, file.numbers);
  const std::vector<Tensor> outputs = words.at(name)(call);
  if (const std::string unread = call.unread(); !unread.empty()) throw Unexpressed{unread};
  if (const std::string text = file.difference(outputs, sample["outputs"]); !text.empty()) return text;
  backward_from(outputs);
  return wrong_gradient(call, sample["gradients"], file);
}

/// Gives a module the state of a sample. Says what is not alike, name by name in order; "" if nothing is.
std::string load(Module& module, const Json& state, const SampleFile& file) {
  const std::vector<NamedArray> arrays = state_dict(module);
  const auto& members = state.members();
  for (std::size_t i = 0; i < std::max(arrays.size(), members.size()); ++i) {
    const std::string name = i < arrays.size() ? arrays[i].name : "nothing";
    const std::string expected = i < members.size() ? members[i].name : "nothing";
    if (name != expected) return fmt::format("state: {} in the place of {}", name, expected);
    const std::vector<int> shape = members[i].value["shape"].items_as<int>();
    if (Shape(shape) != arrays[i].array.shape) {
      return fmt::format("{} is {}, expected {}", name, arrays[i].array.shape, to_string(shape));
    }
    const auto begin = file.numbers.begin() + members[i].value["at"].as<std::int64_t>();
    std::copy_n(begin, arrays[i].array.size(), arrays[i].array.begin());
  }
  return "";
}

std::string wrong_module(const Json& sample, const ModuleWords& words, const SampleFile& file) {
  BuiltModule built;  // outlives the tape
  Tape tape;
  Call make(sample["constructor"], file.numbers), forward(sample["forward"], file.numbers);
  const auto found = words.find(make.op());
  if (found == words.end()) throw Unexpressed{"no such module"};
  built = found->second(make);
  if (const std::string text = load(*built.module, sample["state"], file); !text.empty()) return text;
  built.module->train(sample["training"].as<bool>());
  const std::vector<Tensor> outputs = built.run(forward);
  for (const Call* const call : {&make, &forward}) {
    if (const std::string unread = call->unread(); !unread.empty()) throw Unexpressed{unread};
  }
  if (const std::string text = file.difference(outputs, sample["outputs"]); !text.empty()) return text;
  for (const Leaf* const leaf : built.module->state()) {
    const Json* const expected = sample["state_after"].find(leaf->name());
    const std::string text = expected == nullptr ? "" : file.difference(leaf->value(), *expected);
    if (!text.empty()) return fmt::format("{} after the call {}", leaf->name(), text);
  }
  backward_from(outputs);
  if (const std::string text = wrong_gradient(forward, sample["gradients"], file); !text.empty()) return text;
  for (const Parameter* const parameter : built.module->parameters()) {
    const Json* const expected = sample["parameter_gradients"].find(parameter->name());
    const std::string text = expected == nullptr ? "" : file.difference(parameter->grad(), *expected);
    if (!text.empty()) return fmt::format("gradient of {} {}", parameter->name(), text);
  }
  return "";
}

}

TEST_CASE("PyTorch's own samples of the modules agree in value, gradient and state") {
  const SampleFile file(GRADUS_GOLDEN_DIR "/samples/modules.safetensors");
  Words functions;
  for (const auto add : {add_elementwise, add_reducing, add_losses}) add(functions);
  ModuleWords words;
  for (const auto add : {add_plain_modules, add_recurrent_modules, add_attention_modules}) add(words);
  Tally tally;
  for (const Json& sample : file.list.items()) {
    const std::string name = sample["module"].as<std::string>();
    const auto function = kFunctions.find(name);
    tally.add(name, sample, [&] {
      return function == kFunctions.end() ? wrong_module(sample, words, file)
                                          : wrong_function(sample, function->second, functions, file);
    });
  }
  tally.report(kExpressed);
}
