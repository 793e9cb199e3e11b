#include <fcntl.h>
#include <unistd.h>

#include "autograd/error.h"
#include "examples/translate/text/input_lines.h"
#include "examples/translate/text/text.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

namespace {

/// A pipe to which the bytes were written in pieces, which a reader gets one by one.
class Pieces {
 public:
  explicit Pieces(std::string_view bytes) {
    constexpr std::size_t kPieces = 16;  // as many as a pipe holds
    if (::pipe2(ends_, O_DIRECT | O_CLOEXEC) != 0) fuzz::fail("no pipe");
    for (std::size_t i = 0; i + 1 < kPieces && !bytes.empty(); ++i) {
      const std::size_t length = std::min<std::size_t>(1 + static_cast<unsigned char>(bytes[0]) % 32, bytes.size());
      write(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
    write(bytes);
    ::close(ends_[1]);
  }
  ~Pieces() { ::close(ends_[0]); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(ends_[0]); }

 private:
  void write(std::string_view piece) const {
    if (::write(ends_[1], piece.data(), piece.size()) != static_cast<ssize_t>(piece.size())) fuzz::fail("a full pipe");
  }

  int ends_[2] = {};
};

/// All lines that come from one who gives them in any portions, then what went wrong.
template <class Next>
std::vector<std::string> all_lines(const Next& next) {
  std::vector<std::string> all;
  try {
    for (std::vector<std::string> lines = next(); !lines.empty(); lines = next())
      all.insert(all.end(), lines.begin(), lines.end());
  } catch (const Error&) {
    all.emplace_back("wrong");
  }
  return all;
}

}

/// Word by word or as a whole, a text has the same lines, up to the first that is wrong.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 4096;  // of the last piece, which the pipe has to hold
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, kMost));
  const Pieces pieces(bytes);
  translate::InputLines input(pieces.path());
  const std::string whole(bytes);
  std::size_t number = 0, begin = 0;
  const auto line_by_line = [&]() -> std::vector<std::string> {
    if (begin >= whole.size()) return {};
    const std::size_t end = std::min(whole.find('\n', begin), whole.size());
    const std::string_view line = std::string_view(whole).substr(begin, end - begin);
    begin = end + 1;
    return {std::string(translate::clean_line(line, ++number, "file"))};
  };
  if (all_lines([&] { return input.next(); }) != all_lines(line_by_line)) fuzz::fail("other lines in pieces");
  return 0;
}
