#include "tests/fuzz/fuzz.h"

#include <sanitizer/allocator_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "autograd/error.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace gradus::fuzz {

namespace {

constexpr std::size_t kLongest = 100'000;   // bytes of an input that is made longer
constexpr std::uint64_t kLongOnes = 2'000;  // one of so many inputs is

/// What is on the heap since the reading began.
struct Heap {
  bool counts = false;
  std::ptrdiff_t now = 0, most = 0;
};
Heap heap;

void on_malloc(const volatile void*, std::size_t size) {
  if (!heap.counts) return;
  heap.now += static_cast<std::ptrdiff_t>(size);
  heap.most = std::max(heap.most, heap.now);
}

void on_free(const volatile void* block) {
  if (heap.counts && block != nullptr)
    heap.now -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(const_cast<const void*>(block)));
}

std::uint64_t hash(std::string_view bytes) {  // FNV-1a
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

/// The bytes with one part of them there so often that they are about so many.
std::string grown(std::string_view bytes, std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  const std::size_t begin = random() % bytes.size();
  const std::size_t length = 1 + random() % std::min<std::size_t>(bytes.size() - begin, 64);
  std::string longer(bytes.substr(0, begin));
  longer.reserve(size + bytes.size());
  while (longer.size() + length <= size) longer += bytes.substr(begin, length);
  return longer += bytes.substr(begin);
}

void run_once(std::string_view bytes, const std::function<void(std::string_view)>& read) {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
  if (installed == 0) fail("no hooks of malloc");
  heap = {.counts = true};
  try {
    read(bytes);
  } catch (const Error& error) {
    heap.counts = false;
    if (*error.what() == '\0') fail("an error without a word");
  }
  heap.counts = false;
  if (static_cast<std::size_t>(heap.most) > kMemory * bytes.size() + kFreeMemory) {
    std::fprintf(stderr, "%zu bytes took %td of memory\n", bytes.size(), heap.most);
    fail("memory is not linear in the size");
  }
}

}

void fail(const char* reason) {
  std::fprintf(stderr, "fuzz: %s\n", reason);
  std::abort();
}

void run(const std::uint8_t* data, std::size_t size, const std::function<void(std::string_view)>& read) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  run_once(bytes, read);
  const std::uint64_t seed = hash(bytes);
  if (size > 0 && seed % kLongOnes == 0) run_once(grown(bytes, seed, kLongest), read);
}

File::File(std::string_view bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  const Uncounted uncounted;
  if (descriptor_ < 0 || ::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    fail("no file in memory");
  path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

File::~File() { ::close(descriptor_); }

Uncounted::Uncounted() { heap.counts = false; }
Uncounted::~Uncounted() { heap.counts = true; }

}

/// One of eight mutations repeats a part of the input, as deep nesting and long lists do; the others are libFuzzer's.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::mt19937 random(seed);
  if (size == 0 || size >= most || random() % 8 != 0) return LLVMFuzzerMutate(data, size, most);
  const std::string longer =
      gradus::fuzz::grown({reinterpret_cast<const char*>(data), size}, random(), size + random() % (most - size));
  const std::size_t length = std::min(longer.size(), most);
  std::memcpy(data, longer.data(), length);
  return length;
}
