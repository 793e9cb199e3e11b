#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "examples/translate/base/input_name.h"
#include "examples/translate/input/unpacker.h"

namespace gradus::translate {

/// Throws Error, naming the file, for bytes that begin as those of another encoding than UTF-8, of a compressed file or
/// of an archive do.
void require_plain_text(std::string_view bytes, const std::string& path);

/// A file that is read from its beginning to its end, or standard input if the path is `-`. If it is compressed by gzip
/// or zstd, what it holds is read. Errors have its name and the system's reason (no such file, a folder, ...).
class InputFile {
 public:
  /// Throws Error.
  explicit InputFile(const std::string& path) : InputFile(path, input_name(path)) {}
  /// With another name in messages than its path.
  InputFile(const std::string& path, std::string name);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& name() const { return name_; }
  /// Appends the next bytes, as many as are there at once; false at the end. Throws Error, also for a compressed file
  /// that is damaged or cut off, and if the program cannot unpack it.
  bool read_more(std::string& bytes);

 private:
  bool read(std::string& bytes);
  /// Reads how the file begins, and finds out whether it is compressed.
  void begin();
  bool unpack(std::string& bytes);

  std::string name_;
  int descriptor_;
  std::string read_;  // and not given out yet: packed bytes, or the beginning
  bool begun_ = false;
  std::unique_ptr<Unpacker> unpacker_;
};

/// All bytes of the file at `path`, or of standard input if that is `-`. Throws Error as InputFile.
std::string read_file(const std::string& path);

}
