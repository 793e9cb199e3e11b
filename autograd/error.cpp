#include "autograd/error.h"

#include "autograd/path.h"

namespace gradus::inline GRADUS_PRECISION {

void fail_with(fmt::string_view text, fmt::format_args args) {
  std::string message = fmt::vformat(text, args);
  if (*ModulePath::current() != '\0') message += fmt::format(" [in {}]", ModulePath::current());
  throw Error(message);
}

}
