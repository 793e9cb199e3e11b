#include "examples/translate/data/token_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>
#include <utility>

#include "autograd/error.h"
#include "nn/rng.h"

namespace gradus::translate {

static_assert(std::endian::native == std::endian::little && sizeof(int) == 4, "numbers are mapped as they are stored");

namespace {

constexpr std::string_view kBeginning = "gradus tokens 1\n";
constexpr std::size_t kBuffer = 1 << 16;

/// Where the ends begin, behind so many words.
std::uint64_t ends_at(std::uint64_t words) { return kBeginning.size() + sizeof(int) * (words + words % 2); }

std::uint64_t add_word(std::uint64_t checksum, int word) {
  return derive_seed(checksum, static_cast<std::uint64_t>(word));
}

struct Descriptor {
  explicit Descriptor(const std::string& path)
      : number(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}  // it does not wait for one who writes
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number;
};

}

TokenWriter::TokenWriter(Write write, std::size_t pairs) : write_(std::move(write)) {
  if (pairs > INT_MAX) fail("the text has {} pairs; a training takes {} at most", pairs, INT_MAX);
  lengths_.reserve(2 * pairs);
  put(kBeginning.data(), kBeginning.size());
}

void TokenWriter::add(const std::vector<int>& source, const std::vector<int>& target) {
  add_side(source);
  add_side(target);
  ++summary_.pairs;
}

void TokenWriter::add_side(const std::vector<int>& words) {
  for (const int word : words) summary_.checksum = add_word(summary_.checksum, word);
  put(words.data(), sizeof(int) * words.size());
  lengths_.push_back(static_cast<std::uint32_t>(words.size()));
  summary_.words += words.size();
}

void TokenWriter::finish(std::uint64_t key, std::size_t left_out) {
  constexpr int kNone = 0;
  if (summary_.words % 2 != 0) put(&kNone, sizeof kNone);
  std::uint64_t end = 0;
  for (const std::uint32_t length : lengths_) {
    end += length;
    put(&end, sizeof end);
  }
  summary_.key = key;
  summary_.left_out = left_out;
  put(&summary_, sizeof summary_);
  flush();
}

void TokenWriter::put(const void* bytes, std::size_t size) {
  buffer_.append(static_cast<const char*>(bytes), size);
  if (buffer_.size() >= kBuffer) flush();
}

void TokenWriter::flush() {
  write_(buffer_);
  buffer_.clear();
}

TokenFile::TokenFile(const std::string& path, std::uint64_t key, std::size_t source_words, std::size_t target_words)
    : path_(path) {
  const Descriptor file(path);
  struct stat status {};
  const auto fail_to_read = [&] {
    fail("{}: cannot read the file: {}", path_, std::generic_category().message(errno));
  };
  if (file.number < 0 || ::fstat(file.number, &status) != 0) fail_to_read();
  size_ = static_cast<std::size_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size_ < kBeginning.size() + sizeof summary_)
    fail("{}: this is no file of tokens", path_);
  void* const mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.number, 0);
  if (mapped == MAP_FAILED) fail_to_read();
  bytes_ = static_cast<const char*>(mapped);
  try {
    check(key, std::array{source_words, target_words});
  } catch (const Error&) {
    ::munmap(mapped, size_);
    throw;
  }
}

TokenFile::~TokenFile() { ::munmap(const_cast<char*>(bytes_), size_); }

bool TokenFile::is_one(const std::string& path) {
  const Descriptor file(path);
  std::string bytes(kBeginning.size(), '\0');
  return file.number >= 0 && ::read(file.number, bytes.data(), bytes.size()) == std::ssize(bytes) &&
         bytes == kBeginning;
}

const int* TokenFile::words() const { return reinterpret_cast<const int*>(bytes_ + kBeginning.size()); }

std::span<const std::uint64_t> TokenFile::ends() const {
  return {reinterpret_cast<const std::uint64_t*>(bytes_ + ends_at(summary_.words)), 2 * summary_.pairs};
}

void TokenFile::check(std::uint64_t key, std::span<const std::size_t, 2> vocabularies) {
  if (std::string_view(bytes_, kBeginning.size()) != kBeginning) fail("{}: this is no file of tokens", path_);
  std::memcpy(&summary_, bytes_ + size_ - sizeof summary_, sizeof summary_);
  const std::uint64_t most = size_ / sizeof(int), words = summary_.words, pairs = summary_.pairs;
  const bool fits = words <= most && pairs <= most && pairs <= INT_MAX &&
                    ends_at(words) + 2 * sizeof(std::uint64_t) * pairs + sizeof summary_ == size_;
  if (!fits) fail("{}: the file is damaged or cut off: it has {} bytes, which its end does not fit", path_, size_);
  if (summary_.key != key) fail("{}: the words are those of another text or vocabulary", path_);

  std::uint64_t begin = 0, checksum = 0;
  for (std::size_t side = 0; side < 2 * pairs; ++side) {
    const std::uint64_t end = ends()[side];
    if (end <= begin || end > words) fail("{}: the file is damaged: side {} ends at word {}", path_, side, end);
    const std::span<const int> ids(this->words() + begin, end - begin);
    for (const int id : ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= vocabularies[side % 2])
        fail("{}: the file is damaged: there is no word {} among {}", path_, id, vocabularies[side % 2]);
      checksum = add_word(checksum, id);
    }
    if (ids.back() != kEnd || std::ranges::find(ids, kEnd) != ids.end() - 1)
      fail("{}: the file is damaged: side {} does not end with </s>", path_, side);
    begin = end;
  }
  if (begin != words || checksum != summary_.checksum) fail("{}: the file is damaged: its checksum is wrong", path_);
}

}
