#include "autograd/arena.h"

#include <algorithm>

#include "autograd/error.h"

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>  // whose macros do nothing without the sanitizer
#else                                  // Clang's is in a package of its own
#define ASAN_POISON_MEMORY_REGION(memory, size) (void(memory), void(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) (void(memory), void(size))
#endif

namespace gradus::inline GRADUS_PRECISION {

Arena::~Arena() {
  for (const Block& block : blocks_) {
    ASAN_UNPOISON_MEMORY_REGION(block.memory, block.size);
    ::operator delete(block.memory, std::align_val_t(kAlignment));
  }
}

void* Arena::allocate_bytes(std::size_t bytes) {
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  while (position_.block < blocks_.size() && position_.offset + bytes > blocks_[position_.block].size) {
    position_ = {position_.block + 1, 0};
  }
  if (position_.block == blocks_.size()) {
    const std::size_t size = std::max(bytes, blocks_.empty() ? kFirstBlock : 2 * blocks_.back().size);
    void* const memory = ::operator new(size, std::align_val_t(kAlignment), std::nothrow);
    if (memory == nullptr) fail("memory: the system has no {} bytes more", size);
    blocks_.push_back({static_cast<std::byte*>(memory), size});
    ASAN_POISON_MEMORY_REGION(blocks_.back().memory, size);
  }
  std::byte* result = blocks_[position_.block].memory + position_.offset;
  position_.offset += bytes;
  ASAN_UNPOISON_MEMORY_REGION(result, bytes);
  return result;
}

void Arena::rewind(Mark mark) {
  for (std::size_t i = mark.block; i < blocks_.size() && i <= position_.block; ++i) {
    const std::size_t kept = i == mark.block ? mark.offset : 0;
    ASAN_POISON_MEMORY_REGION(blocks_[i].memory + kept, blocks_[i].size - kept);
  }
  position_ = mark;
}

}
