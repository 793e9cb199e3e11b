#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "examples/translate/input/read_file.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

/// A file that is read several times, always with the same bytes. What can be read but once, standard input or a pipe,
/// is copied first, into a file without a name.
class SourceFile {
 public:
  /// `-` is standard input. Throws Error as InputFile.
  explicit SourceFile(const std::string& path);

  /// What messages call it.
  const std::string& name() const { return name_; }
  /// The file, from its beginning. Throws Error if it is another one than at first, or was changed since.
  InputFile open() const { return {current_path(), name_}; }

 private:
  /// What tells a file from what it becomes when somebody writes to it.
  struct Version {
    std::uint64_t device = 0, number = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  static Version version_of(const std::string& path);
  const std::string& current_path() const;

  std::string name_, path_;
  Version version_;
  std::shared_ptr<const UnnamedFile> copy_;
};

}
