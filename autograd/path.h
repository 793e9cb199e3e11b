#pragma once

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// Says, for as long as it lives, in which module the current thread works. Errors and recorded ops carry the path.
///
///     ModulePath here("decoder.attention");
class ModulePath {
 public:
  /// `path` must outlive every tape that records meanwhile; a module's own path does.
  explicit ModulePath(const char* path) : outer_(current_) { current_ = path; }
  ~ModulePath() { current_ = outer_; }
  ModulePath(const ModulePath&) = delete;
  ModulePath& operator=(const ModulePath&) = delete;

  /// The innermost path, or "" outside of any module.
  static const char* current() { return current_; }

 private:
  const char* outer_;
  static inline thread_local const char* current_ = "";
};

}
