#include "examples/captioner/commands/commands.h"
#include "examples/translate/options/command_line.h"

int main(int argc, char** argv) {
  return gradus::translate::run_program(gradus::captioner::captioner_program, argc, argv);
}
