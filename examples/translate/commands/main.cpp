#include <cstdio>
#include <new>

#include "examples/translate/commands/commands.h"
#include "examples/translate/options/command_line.h"

int main(int argc, char** argv) {
  using namespace gradus::translate;
  try {
    return run_program(gradus_program(), argc, argv);
  } catch (const std::bad_alloc&) {  // before there was a command to run
    std::fputs("gradus: out of memory\n", stderr);
    return kFailed;
  }
}
