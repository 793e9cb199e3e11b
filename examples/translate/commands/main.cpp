#include <fmt/core.h>

#include <cstdio>
#include <new>

#include "autograd/error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/machine/ranks.h"
#include "examples/translate/options/command_line.h"

int main(int argc, char** argv) {
  using namespace gradus::translate;
  try {
    return run_on_ranks([&] { return run_program(gradus_program(), argc, argv); });
  } catch (const gradus::Error& error) {  // of the ranks
    write_message(fmt::format("gradus: {}", error.what()));
    return kFailed;
  } catch (const std::bad_alloc&) {  // before there was a command to run
    std::fputs("gradus: out of memory\n", stderr);
    return kFailed;
  }
}
