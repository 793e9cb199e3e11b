#pragma once

#include <string>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// The right of one process, and of one lock in it, to change the files of a folder. It ends with the lock, or with the
/// process, however that ends, and leaves no file behind. Where the file system has no locks, or the folder cannot be
/// read, everybody has the right.
class FolderLock {
 public:
  /// Takes the lock of a folder that is there. Throws Error, with `who` before and `advice` after the name of the
  /// folder, if another process has it: `train: m: another process is writing this folder; wait for its end`.
  FolderLock(const std::string& who, const std::string& path, const std::string& advice);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int descriptor_;
};

}
