#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "nn/storage/safetensors.h"

/// Comparison with values that PyTorch computed (tests/golden/make_golden.py, which also says how the files are laid
/// out). Every number must agree within 1e-10 in double and 1e-5 in float, relative to max(1, |expected|).

namespace gradus::inline GRADUS_PRECISION {

/// A file of tests/golden.
class Golden {
 public:
  struct Entry {
    Shape shape;
    std::vector<Real> values;
  };

  /// `name` without folder and extension.
  explicit Golden(const std::string& name);
  /// Throws for a name that the file does not have.
  Entry at(const std::string& name) const;
  std::vector<int> ints(const std::string& name) const;
  /// The names that begin with `prefix`, without it.
  std::vector<std::string> below(const std::string& prefix) const;
  /// Reads `prefix + parameter name` into every parameter of the module. Throws if a name or a shape does not match.
  void load(Module& module, const std::string& prefix) const;

 private:
  SafetensorsFile file_;
};

/// Fails the running test, naming `what` and the worst number, if a number differs too much from the expected one.
void check_close(const std::string& what, std::span<const Real> actual, const Golden::Entry& expected);
/// Checks shape and numbers.
void check_close(const std::string& what, Array actual, const Golden::Entry& expected);

/// One case of a file, on its own tape: inputs in, outputs and the gradients of all inputs checked.
///
///     GoldenCase golden("ops", "tanh");
///     golden.check({{"y", tanh(golden.input("input"))}});
class GoldenCase {
 public:
  GoldenCase(const std::string& file, const std::string& name);

  enum Kind { Variable, Parameter };

  /// An input, the same tensor each time. The gradient of a parameter may take another way than that of a variable.
  Tensor input(const std::string& name, Kind kind = Variable);
  /// Gives a module's parameters the values of the inputs of their names.
  void load(Module& module);
  std::vector<int> ints(const std::string& name) const { return golden_.ints(name_ + "/index/" + name); }

  /// Compares the outputs, runs backward from the sum of cotangent * output, and compares the gradients. All outputs of
  /// the case must be given and all its inputs used.
  void check(const std::map<std::string, Tensor>& outputs);

 private:
  Golden golden_;
  std::string name_;
  Tape tape_;
  std::map<std::string, Tensor> inputs_;
  std::map<std::string, std::unique_ptr<Leaf>> own_leaves_;
  std::map<std::string, Leaf*> leaves_;  // own ones and a module's parameters
};

}
