#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autograd/leaf.h"
#include "autograd/list.h"
#include "autograd/path.h"
#include "nn/init.h"

/// A layer is a struct whose members register themselves: declared = registered.
///
///     struct Affine : Module {
///       Affine(Module* parent, std::string name, int in, int out)
///           : Module(parent, std::move(name)),
///             weight{this, "weight", {out, in}, init::xavier_uniform()},
///             bias{this, "bias", {out}} {}
///       Tensor operator()(Tensor x) { ModulePath here(path()); return linear(x, weight, bias); }
///       Parameter weight, bias;
///     };
///
/// Every module knows its dotted path from the root, `decoder.attention.query`, and shows it in errors, files and
/// graphs.

namespace gradus::inline GRADUS_PRECISION {

class Parameter;
class Buffer;

/// A layer, or a model of layers: the base of all that has parameters.
class Module {
 public:
  /// A root: its path is empty.
  Module() = default;
  /// A child, to be declared as a member of its parent: `Linear query_{this, "query", in, out};`. With a null parent it
  /// is a root that has a name. Throws if the parent has a parameter or child of that name already.
  Module(Module* parent, std::string name);
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// `decoder.attention`; valid as long as the module.
  const char* path() const { return path_.c_str(); }

  /// All parameters below this module, in the order of their declaration, children where they are declared.
  std::vector<Parameter*> parameters();

  /// All parameters and buffers in the order of their declaration: what a file of the module holds.
  std::vector<Leaf*> state();

  /// Training mode switches dropout on, evaluation mode off, here and in all children. Modules begin in training mode.
  void train(bool on = true);
  void eval() { train(false); }                ///< evaluation mode
  bool training() const { return training_; }  ///< whether it is in training mode

  void zero_grad();  ///< of all parameters below
  /// How many numbers all parameters hold together.
  std::size_t parameter_count();
  /// A table of all parameters: path, shape, count, bytes, and their sums.
  std::string summary();

 private:
  friend class Parameter;
  friend class Buffer;
  struct Member {
    std::string name;
    Parameter* parameter;  // one of the three is set
    Module* child;
    Buffer* buffer;
  };
  void register_member(const std::string& name, Parameter* parameter, Module* child, Buffer* buffer = nullptr);
  template <class Visit>
  void each_member(const Visit& visit);

  std::string path_;
  std::vector<Member> members_;
  bool training_ = true;
};

/// A tensor that is trained. Declared as a member of a module, with the rule for its first values (nn/init.h):
/// `Parameter weight{this, "weight", {out, in}, init::xavier_uniform()};`.
class Parameter : public Leaf {
 public:
  Parameter(Module* owner, const std::string& name, Shape shape, Init rule = init::zeros());

  /// Gives it new values: by the rule it was declared with, or by another one.
  void initialize(std::uint64_t seed);
  void initialize(std::uint64_t seed, const Init& rule);

 private:
  Init rule_;
};

/// The tensor of a parameter that a module may do without; if it does, an empty handle.
inline Tensor tensor_if_any(std::optional<Parameter>& parameter) { return parameter ? parameter->tensor() : Tensor(); }

/// Numbers that a module keeps and saves, but nobody trains, such as running statistics. Declared as a parameter is:
/// `Buffer running_mean{this, "running_mean", {channels}};`.
class Buffer : public Leaf {
 public:
  Buffer(Module* owner, const std::string& name, Shape shape, Real value = 0);
};

/// Gives all parameters of a module new values, each by the rule it was declared with.
void initialize(Module& module, std::uint64_t seed);
/// Gives all parameters of a module new values by one rule.
void initialize(Module& module, std::uint64_t seed, const Init& rule);

/// Until it ends, no parameter of a module takes gradients but those given, and of them only what is not frozen anyway.
class OnlyLearning {
 public:
  OnlyLearning(Module& module, List<const Parameter*> learning);
  ~OnlyLearning();
  OnlyLearning(const OnlyLearning&) = delete;
  OnlyLearning& operator=(const OnlyLearning&) = delete;

 private:
  std::vector<Parameter*> frozen_;
};

}
