#pragma once

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// Says, for as long as it lives, in which module the current thread works. Errors and recorded ops carry the path.
///
///     Scope scope("decoder.attention");
class Scope {
 public:
  /// `path` must outlive every tape that records inside the scope; a module's own path does.
  explicit Scope(const char* path) : outer_(current_) { current_ = path; }
  ~Scope() { current_ = outer_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The innermost path, or "" outside of any module.
  static const char* current() { return current_; }

 private:
  const char* outer_;
  static inline thread_local const char* current_ = "";
};

}
