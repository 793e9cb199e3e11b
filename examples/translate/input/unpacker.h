#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "autograd/error.h"

namespace gradus::translate {

/// What is wrong with a compressed file, without its name.
class UnpackingError : public Error {
 public:
  using Error::Error;
};

/// Unpacks a compressed file piece by piece. Each kind is a source of its own, the only one that sees its library;
/// where that was not there when the program was built, to make one throws UnpackingError with the Meson feature that
/// brings it.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  /// Appends some of what the packed bytes hold, and returns how many of them are done with; an empty piece gives what
  /// is still to come out. Throws UnpackingError for bytes that are damaged.
  virtual std::size_t unpack(std::string_view packed, std::string& bytes) = 0;
  /// Whether all that was packed has come out.
  virtual bool is_complete() const = 0;
};

/// What is said where a library lacked when the program was built; the command unpacks such a file.
inline UnpackingError built_without(std::string_view library, std::string_view command) {
  return UnpackingError(
      fmt::format("the text is compressed, and this program was built without {0} (meson configure -D{0}=enabled); "
                  "unpack it first: {1}",
                  library, command));
}

std::unique_ptr<Unpacker> gzip_unpacker();
std::unique_ptr<Unpacker> zstd_unpacker();

/// A kind of compressed file: how it begins, and what unpacks it.
struct Packing {
  std::string_view beginning;
  std::unique_ptr<Unpacker> (*unpacker)();
};
inline constexpr Packing kPackings[] = {{"\x1F\x8B", gzip_unpacker}, {"\x28\xB5\x2F\xFD", zstd_unpacker}};

}
