#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

struct TemporaryFile;

/// A file that is written piece by piece and takes its place whole or not at all, as `write_file_atomically` says.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  /// Removes what was written, unless it was committed.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Adds bytes to its end. Throws Error naming the path, for a full disk for example.
  void write(std::string_view bytes);
  /// Puts the file in its place; the last call.
  void commit();

 private:
  std::string path_;
  std::unique_ptr<TemporaryFile> file_;
};

/// A file without a name, in the system's folder for temporary files ($TMPDIR). It is gone with this object, or with
/// the process, however that ends. Throws Error if it cannot be made or written.
class UnnamedFile {
 public:
  UnnamedFile();
  ~UnnamedFile();
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;

  /// Adds bytes to its end.
  void write(std::string_view bytes);
  /// Where this process can open it to read it from its beginning.
  std::string path() const;

 private:
  std::string folder_;
  int descriptor_;
};

/// Writes `bytes` to the file at `path`, whole or not at all: into a temporary file in the same folder, which is
/// flushed to the disk and then renamed over `path`. A reader sees the old contents or the new ones, also after a power
/// cut. An existing file keeps its permissions. Throws Error naming the path and the system's reason (no such folder,
/// no permission, disk full); the temporary file is then removed and an existing file at `path` is as it was. What else
/// stands at `path`, a symbolic link or a pipe, is replaced: nothing outside of the folder is ever written to. What a
/// process that was killed left of its temporary file is taken over by the next one that writes the same file.
void write_file_atomically(const std::string& path, std::string_view bytes);

/// Writes `bytes` to what a person named, as `write_file_atomically`; but a symbolic link goes on to point to the file,
/// and what is no file, such as a pipe or a terminal, is written to as it is.
void write_where_named(const std::string& path, std::string_view bytes);

/// What the name of a temporary file has behind that of the file that it is for.
inline constexpr std::string_view kTemporarySuffix = ".gradus-tmp";

/// Removes what a process that was killed while it wrote the file at `path` left beside it, unless another process is
/// writing the file now.
void remove_temporary(const std::string& path);

/// Makes new names, and those that are gone, durable in the folder at `path`. Throws Error if the system cannot.
void flush_folder(const std::string& path);

/// Makes the folder at `path` and those above it, as far as they are not there. Throws Error naming the path and the
/// system's reason.
void make_folder(const std::string& path);

}
