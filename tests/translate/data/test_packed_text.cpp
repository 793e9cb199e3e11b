#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"
#include "nn/storage/atomic_file.h"
#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace gradus::translate;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kText = "eins\nzwei\n";

/// kText, compressed by gzip -9 and by zstd --check.
constexpr std::string_view kGzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\xcd\xcc\x2b\xe6\xaa\x2a\x4f\xcd\xe4"
    "\x02\x00\x94\x9b\x82\xc2\x0a\x00\x00\x00"sv;
constexpr std::string_view kZstd =
    "\x28\xb5\x2f\xfd\x04\x58\x51\x00\x00\x65\x69\x6e\x73\x0a\x7a\x77\x65\x69\x0a\xe1"
    "\xde\x44\xfc"sv;

struct Kind {
  std::string_view packed;
  std::unique_ptr<Unpacker> (*unpacker)();
  std::string without;
};

/// The kinds that this program can unpack; of another one, that it says so.
std::vector<Kind> kinds() {
  std::vector<Kind> found;
  for (const Kind& kind : {Kind{kGzip, gzip_unpacker, "zlib"}, Kind{kZstd, zstd_unpacker, "zstd"}}) {
    const std::string missing = complaint([&] { kind.unpacker(); });
    if (missing.empty()) found.push_back(kind);
    if (!missing.empty()) CHECK(missing.find("-D" + kind.without + "=enabled") != std::string::npos);
  }
  return found;
}

struct PackedFile {
  explicit PackedFile(std::string_view bytes) { write_file_atomically(path, bytes); }
  TemporaryFolder folder;
  std::string path = folder.file("packed");
};

std::string unpacked(std::string_view bytes) { return read_file(PackedFile(bytes).path); }

/// What its error says, without the folder.
std::string error_of(std::string_view bytes) {
  const PackedFile file(bytes);
  std::string text = complaint([&] { read_file(file.path); });
  if (!text.empty()) CHECK(text.starts_with(file.path + ": "));
  return text.empty() ? text : text.substr(file.folder.path().size() + 1);
}

}

TEST_CASE("compressed text is read as what it holds, also where several files stand in one") {
  for (const Kind& kind : kinds()) {
    CHECK(unpacked(kind.packed) == kText);
    std::string many, text;
    for (int i = 0; i < 5000; ++i) {
      many += kind.packed;
      text += kText;
    }
    CHECK(unpacked(many) == text);
  }
  for (const std::string_view plain : {""sv, "\x1F"sv, "\x28\xB5\x2F"sv, "\x1F\x1F\x8B"sv})
    CHECK(unpacked(plain) == plain);
}

TEST_CASE("compressed text that is cut off or damaged is refused") {
  for (const Kind& kind : kinds()) {
    const std::size_t magic = kind.packed[0] == '\x1F' ? 2 : 4;
    for (std::size_t size = magic; size < kind.packed.size(); ++size) {
      CAPTURE(size);
      CHECK(error_of(kind.packed.substr(0, size)) == "packed: the compressed file is cut off");
      const std::string after_another = std::string(kind.packed) + std::string(kind.packed.substr(0, size));
      CHECK(error_of(after_another) == "packed: the compressed file is cut off");
    }
    for (std::size_t bit = 8 * magic; bit < 8 * kind.packed.size(); ++bit) {
      CAPTURE(bit);
      std::string bytes(kind.packed);
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      const std::string error = error_of(bytes);
      const bool is_refused = error.find("file is damaged: ") != std::string::npos || error.ends_with("is cut off");
      CHECK((is_refused || unpacked(bytes) == kText));  // a time or a name in the header changes nothing
    }
    CHECK(error_of(std::string(kind.packed) + "eins\n").find("file is damaged: ") != std::string::npos);
  }
}
