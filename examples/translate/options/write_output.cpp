#include "examples/translate/options/write_output.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "autograd/error.h"

namespace gradus::translate {

void write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  fail("cannot write the output: {}", std::generic_category().message(errno));
}

}
