#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "nn/module.h"

namespace gradus::inline GRADUS_PRECISION {

/// Modules and functions one after the other, "0", "1", …, each of which takes the tensor that the one before it made:
///
///     Sequential net{this, "net"};
///     net.add<Linear>(28 * 28, 100);
///     net.add(relu);  // a function has a number, too, so that the names are PyTorch's
///     net.add<Linear>(100, 10);
///     Tensor logits = net(x);
class Sequential : public Module {
 public:
  Sequential(Module* parent, std::string name) : Module(parent, std::move(name)) {}

  /// Makes the next module, of these arguments after parent and name.
  template <std::derived_from<Module> Kind, class... Args>
  Kind& add(Args&&... args) {
    auto module = std::make_unique<Kind>(this, std::to_string(size()), std::forward<Args>(args)...);
    Kind& added = *module;
    steps_.push_back([&added](Tensor x) { return added(x); });
    modules_.push_back(std::move(module));
    return added;
  }
  /// Adds a function of a tensor, which has a number but no parameters. Of overloaded ones, such as tanh, it is that of
  /// one tensor.
  void add(Tensor (*op)(Tensor)) { steps_.push_back(op); }
  template <std::invocable<Tensor> Function>
  void add(Function function) {
    steps_.push_back(std::move(function));
  }

  std::size_t size() const { return steps_.size(); }  ///< modules and functions together
  Tensor operator()(Tensor x);

 private:
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<std::function<Tensor(Tensor)>> steps_;
};

/// Joins the axes from `first` to `last` into one; at first, all but that of the batch.   (N, …) -> (N, D)
struct Flatten : Module {
  Flatten(Module* parent, std::string name, int first = 1, int last = -1);
  Tensor operator()(Tensor x) const;

  int first, last;  ///< axes, from the end if negative
};

}
