#include "nn/storage/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

[[noreturn]] void fail_to_read(const std::string& path, int reason) {
  fail("{}: cannot read the file: {}", path, std::generic_category().message(reason));
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}

std::string read_regular_file(const std::string& path) {
  // O_NONBLOCK: to open a pipe does not wait for one who writes to it.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) != 0) fail_to_read(path, errno);
  if (!S_ISREG(status.st_mode)) {
    fail("{}: this is a {}; need a file", path, S_ISDIR(status.st_mode) ? "folder" : "pipe or device");
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(file.number, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno != EINTR) fail_to_read(path, errno);
    if (got == 0) break;  // it became shorter
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

}
