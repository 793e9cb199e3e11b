#include "examples/translate/input/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

/// How a file that is no UTF-8 text begins, and what makes one of it.
struct Beginning {
  std::string_view bytes;
  const char* is;
  const char* remedy;
};
constexpr const char* kFromUtf16 = "convert it first: iconv -f UTF-16 -t UTF-8";
constexpr const char* kFromUtf32 = "convert it first: iconv -f UTF-32 -t UTF-8";
constexpr Beginning kBeginnings[] = {
    {{"\xFF\xFE\0\0", 4}, "UTF-32, not UTF-8", kFromUtf32},  // before UTF-16, which begins alike
    {{"\0\0\xFE\xFF", 4}, "UTF-32, not UTF-8", kFromUtf32},
    {"\xFF\xFE", "UTF-16, not UTF-8", kFromUtf16},
    {"\xFE\xFF", "UTF-16, not UTF-8", kFromUtf16},
    {"\x1F\x8B", "compressed", "unpack it first: gzip -dc"},
    {"BZh91AY&SY", "compressed", "unpack it first: bzip2 -dc"},
    {"\xFD\x37zXZ", "compressed", "unpack it first: xz -dc"},
    {"\x28\xB5\x2F\xFD", "compressed", "unpack it first: zstd -dc"},
    {"PK\x03\x04", "a ZIP archive", "take plain text out of it first"},
    {"%PDF-", "a PDF document", "take plain text out of it first"},
};

[[noreturn]] void fail_to_read(const std::string& name, int reason) {
  fail("{}: cannot read the file: {}", name, std::generic_category().message(reason));
}

bool is_folder(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

}

void require_plain_text(std::string_view bytes, const std::string& path) {
  for (const auto& [beginning, is, remedy] : kBeginnings) {
    if (bytes.starts_with(beginning)) fail("{}: the text is {}; {}", path, is, remedy);
  }
}

InputFile::InputFile(const std::string& path, std::string name)
    : name_(std::move(name)),
      descriptor_(path == kStdin ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail_to_read(name_, errno);
  if (!is_folder(descriptor_)) return;
  ::close(descriptor_);
  fail_to_read(name_, EISDIR);
}

InputFile::~InputFile() { ::close(descriptor_); }

bool InputFile::read_more(std::string& bytes) {
  try {
    if (!begun_) begin();
    if (unpacker_) return unpack(bytes);
  } catch (const UnpackingError& error) {
    fail("{}: {}", name_, error.what());
  }
  if (read_.empty()) return read(bytes);
  bytes += std::exchange(read_, {});
  return true;
}

void InputFile::begin() {
  begun_ = true;
  const auto may_become = [&](const Packing& packing) {
    return read_.size() < packing.beginning.size() && packing.beginning.starts_with(read_);
  };
  while (std::ranges::any_of(kPackings, may_become) && read(read_)) {
  }
  const auto is = [&](const Packing& packing) { return read_.starts_with(packing.beginning); };
  if (const auto* const packing = std::ranges::find_if(kPackings, is); packing != std::end(kPackings))
    unpacker_ = packing->unpacker();
}

bool InputFile::unpack(std::string& bytes) {
  const std::size_t before = bytes.size();
  for (bool more = true; bytes.size() == before;) {
    if (read_.empty()) more = read(read_);
    read_.erase(0, unpacker_->unpack(read_, bytes));
    if (more || bytes.size() > before) continue;
    if (!unpacker_->is_complete()) fail("{}: the compressed file is cut off", name_);
    return false;
  }
  return true;
}

bool InputFile::read(std::string& bytes) {
  constexpr size_t kChunk = 1 << 16;
  std::array<char, kChunk> chunk;
  ssize_t got;
  do {
    got = ::read(descriptor_, chunk.data(), chunk.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) fail_to_read(name_, errno);
  bytes.append(chunk.data(), static_cast<size_t>(got));
  return got > 0;
}

std::string read_file(const std::string& path) {
  InputFile file(path);
  std::string bytes;
  while (file.read_more(bytes)) {
  }
  return bytes;
}

}
