#include "nn/storage/checksum.h"

#include <algorithm>
#include <cstring>

#include "nn/rng.h"

namespace gradus::inline GRADUS_PRECISION {

std::uint64_t hash_of(std::uint64_t hash, std::string_view bytes) {
  hash = derive_seed(hash, bytes.size());
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), sizeof hash))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof word));
    hash = derive_seed(hash, word);
  }
  return hash;
}

}
