#include "examples/translate/commands/commands.h"
#include "examples/translate/options/command_line.h"

int main(int argc, char** argv) {
  return gradus::translate::run_program(gradus::translate::gradus_program(), argc, argv);
}
