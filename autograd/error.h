#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "autograd/scope.h"

namespace gradus::inline GRADUS_PRECISION {

/// What every user mistake throws. The text names the op, the problem, the shapes and the rule, then the module:
/// `matmul: inner dimensions differ: a is (32, 512), b is (256, 128); need a.dim(-1) == b.dim(-2) [in decoder.query]`
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws an `Error` with the formatted text and, inside a module, its path.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) {
  std::string message = fmt::format(text, std::forward<Args>(args)...);
  if (*Scope::current() != '\0') message += fmt::format(" [in {}]", Scope::current());
  throw Error(message);
}

}
