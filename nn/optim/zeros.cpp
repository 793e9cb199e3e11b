#include "nn/optim/zeros.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace gradus::inline GRADUS_PRECISION {

Zeros::Zeros(std::size_t count) : numbers_(nullptr, Unmap{count * sizeof(Real)}) {
  if (count == 0) return;
  void* const memory =
      ::mmap(nullptr, count * sizeof(Real), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  numbers_.reset(static_cast<Real*>(memory));
}

void Zeros::give_back(Real* numbers, std::size_t count) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(numbers) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(numbers + count) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void Zeros::Unmap::operator()(Real* numbers) const { ::munmap(numbers, bytes); }

}
