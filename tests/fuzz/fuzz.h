#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// What the fuzz targets share. Each is a program of libFuzzer that reads one format; whatever the bytes are, to read
/// them must end in a value or in an Error of one line, soon, and with memory that is linear in their number.

namespace gradus::fuzz {

/// Calls `read` with the bytes, and now and then, as the bytes themselves decide, with many times a part of them: so
/// inputs are long and nested deeply, too, and those that libFuzzer keeps stay short. Ends the program if `read`
/// throws anything but an Error, or if at any moment it has more than `kMemory` times the number of bytes on the heap.
void run(const std::uint8_t* data, std::size_t size, const std::function<void(std::string_view)>& read);

inline constexpr std::size_t kMemory = 50, kFreeMemory = 1 << 16;

/// Ends the program, with the reason.
[[noreturn]] void fail(const char* reason);

/// A file in memory with these bytes, for those who read by a path.
class File {
 public:
  explicit File(std::string_view bytes);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

/// What follows is not counted, such as what a target does with what it has read.
class Uncounted {
 public:
  Uncounted();
  ~Uncounted();
  Uncounted(const Uncounted&) = delete;
  Uncounted& operator=(const Uncounted&) = delete;
};

}
