#include "examples/translate/base/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

/// Closes the file when the scope ends.
struct OpenFile {
  int descriptor;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

[[noreturn]] void fail_to_read(const std::string& path, int reason) {
  fail("{}: cannot read the file: {}", path, std::generic_category().message(reason));
}

/// All bytes from here to the end. Errors name the file `path`.
std::string read_all(int descriptor, const std::string& path) {
  constexpr size_t kChunk = 1 << 16;
  std::string bytes;
  for (;;) {
    const size_t size = bytes.size();
    bytes.resize(size + kChunk);
    const ssize_t got = ::read(descriptor, bytes.data() + size, kChunk);
    const int reason = errno;
    bytes.resize(size + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return bytes;
    if (got < 0 && reason != EINTR) fail_to_read(path, reason);
  }
}

}

std::string read_file(const std::string& path) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0) fail_to_read(path, errno);
  return read_all(file.descriptor, path);
}

std::string read_stdin() { return read_all(STDIN_FILENO, "stdin"); }

}
