#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/commands/commands.h"

namespace gradus::translate {

void add_model_option(CLI::App& command, std::string& directory) {
  command.add_option("-m,--model", directory, "Folder of the model")->type_name("DIR")->required();
}

CLI::Option* add_models_option(CLI::App& command, std::vector<std::string>& directories, const char* help) {
  return command.add_option("-m,--model", directories, help)->type_name("DIR")->required();
}

void add_threads_option(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "Threads; 0 for as many as there are cores")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

CLI::Option* add_bin_width_option(CLI::App& command, size_t& width) {
  return command.add_option("--bin-width", width, "Lengths, in words, that are counted together")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
}

std::string not_negative(const std::string& text) { return text.starts_with("-") ? text + " is negative" : ""; }

void write_output(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  fail("cannot write the output: {}", std::generic_category().message(errno));
}

}
