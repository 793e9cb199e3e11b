#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>

#include "autograd/path.h"

namespace gradus::inline GRADUS_PRECISION {

/// What every user mistake throws. The text names the op, the problem, the shapes and the rule, then the module:
/// `matmul: inner dimensions differ: a is (32, 512), b is (256, 128); need a.dim(-1) == b.dim(-2) [in decoder.query]`
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What `fail` calls.
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_with(fmt::string_view text, fmt::format_args args) {
  std::string message = fmt::vformat(text, args);
  if (*ModulePath::current() != '\0') message += fmt::format(" [in {}]", ModulePath::current());
  throw Error(message);
}

/// Throws an `Error` with the formatted text and, inside a module, its path.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) {
  fail_with(text, fmt::make_format_args(args...));
}

}
