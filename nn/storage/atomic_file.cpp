#include "nn/storage/atomic_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

/// Removes the temporary file, unless its name was released, and closes it, which ends its lock.
struct TemporaryFile {
  std::string name;
  int descriptor = -1;

  TemporaryFile() = default;
  TemporaryFile(TemporaryFile&& other) noexcept
      : name(std::exchange(other.name, {})), descriptor(std::exchange(other.descriptor, -1)) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!name.empty()) ::unlink(name.c_str());
    if (descriptor >= 0) ::close(descriptor);
  }
};

namespace {

[[noreturn]] void fail_to_write(const std::string& path, int reason) {
  throw Error(fmt::format("{}: cannot write the file: {}", path, std::generic_category().message(reason)));
}

/// Where the new contents of a file stand until they are whole. Every writer of the file uses this one name, so that
/// what a killed process left is taken over by the next; a lock keeps those apart that write at the same time.
std::string temporary_name(const std::string& path) { return path + std::string(kTemporarySuffix); }

/// Waits for the lock of an open file, which ends with the process that holds it. A file system that has no locks
/// answers with an error, and goes without.
void lock(int descriptor) {
  while (::flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
  }
}

/// Whether the descriptor is of the file that has this name now.
bool is_named(int descriptor, const std::string& name) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(name.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

/// Whether it is of a file that has no other name, which someone else may know.
bool is_own_file(int descriptor) {
  struct stat opened {};
  return ::fstat(descriptor, &opened) == 0 && S_ISREG(opened.st_mode) && opened.st_nlink == 1;
}

/// Opens the temporary file for the one at `path`, empty and locked. What else has its name is removed.
TemporaryFile open_temporary(const std::string& path) {
  for (;;) {
    TemporaryFile file;
    std::string name = temporary_name(path);
    const auto open = [&] {
      return ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    };
    file.descriptor = open();
    const int reason = errno;
    if (file.descriptor < 0 && ::unlink(name.c_str()) == 0) file.descriptor = open();
    if (file.descriptor < 0) fail_to_write(path, reason);
    lock(file.descriptor);
    if (!is_named(file.descriptor, name)) continue;  // another process has finished with it meanwhile
    file.name = std::move(name);
    if (!is_own_file(file.descriptor)) continue;
    if (::ftruncate(file.descriptor, 0) != 0) fail_to_write(path, errno);
    return file;
  }
}

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail_to_write(path, errno);
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
}

/// The folder that a file is in.
std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
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

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  struct stat existing {};
  const bool exists = ::lstat(path.c_str(), &existing) == 0 && S_ISREG(existing.st_mode);
  file_ = std::make_unique<TemporaryFile>(open_temporary(path));
  if (exists && ::fchmod(file_->descriptor, existing.st_mode & 0777) != 0) fail_to_write(path, errno);
}

AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::string_view bytes) { write_all(file_->descriptor, bytes, path_); }

void AtomicFile::commit() {
  if (::fsync(file_->descriptor) != 0) fail_to_write(path_, errno);
  if (std::rename(file_->name.c_str(), path_.c_str()) != 0) fail_to_write(path_, errno);
  file_->name.clear();
  flush_folder(folder_of(path_));
}

UnnamedFile::UnnamedFile() {
  std::error_code error;
  folder_ = std::filesystem::temp_directory_path(error).string();
  if (error) fail("TMPDIR: cannot make a temporary file in its folder: {}", error.message());
  std::string name = (std::filesystem::path(folder_) / "gradus-XXXXXX").string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0)
    fail("{}: cannot make a temporary file there: {}", folder_, std::generic_category().message(errno));
  ::unlink(name.c_str());
}

UnnamedFile::~UnnamedFile() { ::close(descriptor_); }

void UnnamedFile::write(std::string_view bytes) { write_all(descriptor_, bytes, "a temporary file in " + folder_); }

std::string UnnamedFile::path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

void write_file_atomically(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_where_named(const std::string& path, std::string_view bytes) {
  struct stat existing {};
  if (::stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode)) return write_into(path, bytes);
  write_file_atomically(target_of(path), bytes);
}

void remove_temporary(const std::string& path) {
  const std::string name = temporary_name(path);
  TemporaryFile file;  // of no name: removed only if nobody is writing it
  file.descriptor = ::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const bool is_left = file.descriptor >= 0 && ::flock(file.descriptor, LOCK_EX | LOCK_NB) == 0;
  if (is_left && is_named(file.descriptor, name)) ::unlink(name.c_str());
}

void flush_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder may be writable without being readable
  const int reason = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (reason != 0 && reason != EINVAL) fail_to_write(path, reason);  // EINVAL: the file system cannot flush a folder
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("{}: cannot make the folder: {}", path, error.message());
}

}
