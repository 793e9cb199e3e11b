#include "examples/translate/base/choices.h"

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"

namespace gradus::translate::detail {

void fail_unknown(std::string_view name, std::span<const char* const> names) {
  fail("unknown name {}; need one of {}", name, join_words({names.begin(), names.end()}, ", "));
}

void fail_nameless(std::size_t value) { fail("internal error: a choice has the value {}, which has no name", value); }

}
