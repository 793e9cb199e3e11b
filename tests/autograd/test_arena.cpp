#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <thread>

#include "autograd/arena.h"
#include "autograd/scratch.h"

using namespace gradus;

TEST_SUITE("arena") {
  TEST_CASE("memory is aligned to 64 bytes and does not overlap") {
    Arena arena;
    std::byte* end = nullptr;
    for (std::size_t bytes : {1, 63, 64, 65, 1000, 0, 7}) {
      auto* memory = static_cast<std::byte*>(arena.allocate_bytes(bytes));
      CHECK(reinterpret_cast<std::uintptr_t>(memory) % Arena::kAlignment == 0);
      if (end != nullptr) CHECK(memory >= end);
      std::memset(memory, 0xff, bytes);
      end = memory + bytes;
    }
  }

  TEST_CASE("a request larger than any block is served") {
    Arena arena;
    arena.allocate_bytes(10);
    const std::size_t bytes = std::size_t{5} << 20;
    auto* memory = static_cast<std::byte*>(arena.allocate_bytes(bytes));
    memory[0] = memory[bytes - 1] = std::byte{1};
  }

  TEST_CASE("rewinding gives the same memory again") {
    Arena arena;
    arena.allocate_bytes(100);
    const Arena::Mark mark = arena.mark();
    const auto step = [&] {
      void* first = arena.allocate_bytes(1000);
      for (int i = 0; i < 50; ++i) arena.allocate_bytes(std::size_t{100} << 10);
      return first;
    };
    void* const first = step();
    for (int i = 0; i < 10; ++i) {
      arena.rewind(mark);
      CHECK(step() == first);
    }
  }

  TEST_CASE("what lies before the mark survives a rewind") {
    Arena arena;
    int* kept = arena.allocate<int>(4);
    kept[3] = 42;
    const Arena::Mark mark = arena.mark();
    arena.allocate<int>(1000)[0] = 7;
    arena.rewind(mark);
    CHECK(kept[3] == 42);
    CHECK(arena.allocate<int>(1) != kept);
  }

  TEST_CASE("scratch memory is returned at the end of its scope, also when nested") {
    Real* outer_first;
    {
      Scratch outer;
      outer_first = outer.allocate(16);
      outer_first[0] = 1;
      Real* inner_first;
      {
        Scratch inner;
        inner_first = inner.allocate(16);
        CHECK(inner_first != outer_first);
      }
      CHECK(outer.allocate(16) == inner_first);
      CHECK(outer_first[0] == 1);
    }
    Scratch later;
    CHECK(later.allocate(16) == outer_first);
  }

  TEST_CASE("every thread has its own scratch memory") {
    Scratch scratch;
    Real* const here = scratch.allocate(16);
    Real* there = nullptr;
    std::thread([&] {
      Scratch other;
      there = other.allocate(16);
      there[0] = 1;
    }).join();
    CHECK(here != there);
  }
}
