#include "tests/program/program_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/options/command_line.h"
#include "examples/translate/text/text.h"
#include "nn/storage/atomic_file.h"
#include "tests/support/temporary_folder.h"

namespace gradus::translate {

namespace {

/// A descriptor that leads to a file for the rest of the scope.
class Redirected {
 public:
  Redirected(int descriptor, const std::string& path, int flags) : descriptor_(descriptor), kept_(::dup(descriptor)) {
    const int file = ::open(path.c_str(), flags, 0600);
    if (kept_ < 0 || file < 0) fail("test: cannot redirect to {}", path);
    ::dup2(file, descriptor);
    ::close(file);
  }
  ~Redirected() {
    std::fflush(stdout);
    ::dup2(kept_, descriptor_);
    ::close(kept_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int descriptor_, kept_;
};

int running_threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

}

std::string run_program(const Words& words, const std::string& input) {
  const std::vector<Command> commands = tested_commands();
  const auto command =
      std::ranges::find_if(commands, [&](const Command& candidate) { return candidate.name == words[0]; });
  if (command == commands.end()) fail("test: there is no command {}", words[0]);
  parse_words(*command, Words(words.begin() + 1, words.end()));
  const TemporaryFolder folder;
  write_file_atomically(folder.file("in"), input);
  {
    std::fflush(stdout);
    const Redirected in(STDIN_FILENO, folder.file("in"), O_RDONLY);
    const Redirected out(STDOUT_FILENO, folder.file("out"), O_WRONLY | O_CREAT);
    const Redirected errors(STDERR_FILENO, folder.file("errors"), O_WRONLY | O_CREAT);
    if (command->run() != 0) fail("test: {} did not succeed", words[0]);
  }
  return read_file(folder.file("out"));
}

int threads_of_program(const Words& words, const std::string& input, int expected) {
  std::atomic<bool> done = false;
  const int before = running_threads();
  std::atomic<int> most = before;
  std::thread observer([&] {
    while (!done) most = std::max<int>(most, running_threads());
  });
  // The observer is one of them, and stands for the thread that runs the program.
  for (int run = 0; run < 50 && (run == 0 || most - before < expected); ++run) run_program(words, input);
  done = true;
  observer.join();
  return most - before;
}

std::vector<Command> tested_commands() {
  std::vector<Command> commands = gradus_program().commands;
  std::erase_if(commands, [](const Command& command) { return command.name == std::string_view("train"); });
  return commands;
}

}
