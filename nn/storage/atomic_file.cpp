#include "nn/storage/atomic_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

[[noreturn]] void fail_to_write(const std::string& path, int reason) {
  throw Error(fmt::format("{}: cannot write the file: {}", path, std::generic_category().message(reason)));
}

/// Closes the descriptor and removes the temporary file unless both were released.
struct TemporaryFile {
  std::string name;
  int descriptor = -1;

  ~TemporaryFile() {
    if (descriptor >= 0) ::close(descriptor);
    if (!name.empty()) ::unlink(name.c_str());
  }
};

/// A name that no other process and no other thread of this one uses.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return fmt::format("{}.{}-{}.tmp", path, ::getpid(), counter++);
}

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail_to_write(path, errno);
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
}

/// Makes the rename itself durable. A file system that cannot flush a folder answers EINVAL, which is no failure.
void flush_folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder may be writable without being readable
  const int reason = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (reason != 0 && reason != EINVAL) fail_to_write(path, reason);
}

/// Writes to what is no file, such as a pipe or a terminal, and so cannot be replaced.
void write_into(const std::string& path, std::string_view bytes) {
  TemporaryFile file;  // of no name: nothing to remove
  file.descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file.descriptor < 0) fail_to_write(path, errno);
  write_all(file.descriptor, bytes, path);
  if (::close(std::exchange(file.descriptor, -1)) != 0) fail_to_write(path, errno);
}

/// The file itself, if `path` is a symbolic link; it need not be there yet.
std::string target_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (!error) return target.string();
  const fs::path link = fs::read_symlink(path, error);
  return error ? path : (fs::path(path).parent_path() / link).string();
}

}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  struct stat existing {};
  const bool exists = ::stat(path.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) return write_into(path, bytes);

  const std::string target = target_of(path);
  TemporaryFile file;
  std::string name = temporary_name(target);
  file.descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file.descriptor < 0) fail_to_write(path, errno);
  file.name = std::move(name);
  if (exists && ::fchmod(file.descriptor, existing.st_mode & 07777) != 0) fail_to_write(path, errno);
  write_all(file.descriptor, bytes, path);
  if (::fsync(file.descriptor) != 0) fail_to_write(path, errno);
  if (::close(std::exchange(file.descriptor, -1)) != 0) fail_to_write(path, errno);
  if (std::rename(file.name.c_str(), target.c_str()) != 0) fail_to_write(path, errno);
  file.name.clear();
  flush_folder(target);
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("{}: cannot make the folder: {}", path, error.message());
}

}
