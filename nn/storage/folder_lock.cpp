#include "nn/storage/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

FolderLock::FolderLock(const std::string& who, const std::string& path, const std::string& advice)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0 && errno == EACCES) return;  // it may be writable without being readable
  if (descriptor_ < 0) fail("{}: {}: cannot open the folder: {}", who, path, std::generic_category().message(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  fail("{}: {}: another process is writing this folder; {}", who, path, advice);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}
