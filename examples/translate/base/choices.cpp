#include "examples/translate/base/choices.h"

#include <fmt/format.h>

#include "autograd/error.h"

namespace gradus::translate::detail {

void fail_unknown(std::string_view name, std::span<const char* const> names) {
  fail("unknown name {}; need one of {}", name, fmt::join(names, ", "));
}

void fail_nameless(std::size_t value) { fail("internal error: a choice has the value {}, which has no name", value); }

}
