#pragma once

#include <deque>
#include <utility>

#include "nn/module.h"

namespace gradus::inline GRADUS_PRECISION {

/// Modules of one kind, "0", "1", …, which are called as their owner likes:
///
///     ModuleList<Linear> layers{this, "layers"};
///     for (int i = 0; i < count; ++i) layers.add(size, size);
///     for (Linear& layer : layers) x = relu(layer(x));
template <std::derived_from<Module> Kind>
class ModuleList : public Module {
 public:
  ModuleList(Module* parent, std::string name) : Module(parent, std::move(name)) {}

  /// Makes the next one, of these arguments after parent and name.
  template <class... Args>
  Kind& add(Args&&... args) {
    return modules_.emplace_back(this, std::to_string(modules_.size()), std::forward<Args>(args)...);
  }

  std::size_t size() const { return modules_.size(); }        ///< how many there are
  Kind& operator[](std::size_t i) { return modules_.at(i); }  ///< throws std::out_of_range for one that is not there
  auto begin() { return modules_.begin(); }
  auto end() { return modules_.end(); }

 private:
  std::deque<Kind> modules_;  // a deque, since modules cannot move
};

}
