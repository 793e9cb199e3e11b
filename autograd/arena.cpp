#include "autograd/arena.h"

#include <algorithm>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes) (static_cast<void>(memory), static_cast<void>(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) (static_cast<void>(memory), static_cast<void>(bytes))
#endif

namespace gradus::inline GRADUS_PRECISION {

namespace {
constexpr std::size_t kFirstBlock = std::size_t{1} << 20;
}

Arena::~Arena() {
  for (Block& block : blocks_) ASAN_UNPOISON_MEMORY_REGION(block.memory.get(), block.size);
}

void* Arena::allocate(std::size_t bytes) {
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  while (position_.block < blocks_.size() && position_.offset + bytes > blocks_[position_.block].size) {
    position_ = {position_.block + 1, 0};
  }
  if (position_.block == blocks_.size()) {
    const std::size_t size = std::max(bytes, blocks_.empty() ? kFirstBlock : 2 * blocks_.back().size);
    std::unique_ptr<std::byte, Free> memory(
        static_cast<std::byte*>(::operator new(size, std::align_val_t(kAlignment))));
    ASAN_POISON_MEMORY_REGION(memory.get(), size);
    blocks_.push_back({std::move(memory), size});
  }
  std::byte* result = blocks_[position_.block].memory.get() + position_.offset;
  position_.offset += bytes;
  ASAN_UNPOISON_MEMORY_REGION(result, bytes);
  return result;
}

void Arena::rewind(Mark mark) {
  for (std::size_t i = mark.block; i < blocks_.size() && i <= position_.block; ++i) {
    const std::size_t kept = i == mark.block ? mark.offset : 0;
    ASAN_POISON_MEMORY_REGION(blocks_[i].memory.get() + kept, blocks_[i].size - kept);
  }
  position_ = mark;
}

std::size_t Arena::capacity() const {
  std::size_t bytes = 0;
  for (const Block& block : blocks_) bytes += block.size;
  return bytes;
}

Arena& Scratch::arena() {
  static thread_local Arena arena;
  return arena;
}

}
