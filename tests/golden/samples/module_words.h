#pragma once

#include <memory>

#include "nn/module.h"
#include "tests/golden/samples/sample.h"

/// How Gradus builds PyTorch's modules, and calls them.

namespace gradus::inline GRADUS_PRECISION {

/// A module, and what a call of it computes: all outputs, in order.
struct BuiltModule {
  std::unique_ptr<Module> module;
  std::function<std::vector<Tensor>(Call& forward)> run;
};

/// By PyTorch's name of the module; `make` is the call of the constructor, which has all arguments by name, and lives
/// as long as what is built.
using ModuleWords = std::map<std::string, std::function<BuiltModule(Call& make)>>;

void add_plain_modules(ModuleWords& words);
void add_recurrent_modules(ModuleWords& words);
void add_attention_modules(ModuleWords& words);

/// A module and how it is called.
template <class Built, class Run>
BuiltModule built(std::unique_ptr<Built> module, Run run) {
  Built* const pointer = module.get();
  return {std::move(module), [=](Call& forward) -> std::vector<Tensor> { return run(*pointer, forward); }};
}

/// An argument that Gradus's modules have no word for, and that changes nothing if it is what it is by default.
inline void require_default(Call& make, const char* name, double otherwise) {
  if (make.has(-1, name) && make.number(-1, name) != otherwise) throw Unexpressed{name};
}

}
