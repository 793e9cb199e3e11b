#include <cstring>
#include <vector>

#include "nn/storage/safetensors.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

namespace {

/// The tensor as one of at most four axes, if it has no more and all fit into an int.
bool as_shape(const SafetensorsFile::Entry& entry, Shape& shape) {
  std::vector<int> dims;
  for (const std::int64_t dim : entry.shape) {
    if (dim > 1 << 20) return false;
    dims.push_back(static_cast<int>(dim));
  }
  if (dims.size() > 4) return false;
  shape = Shape(dims);
  return true;
}

void read_all_tensors(std::string_view bytes) {
  const fuzz::File stored(bytes);
  const SafetensorsFile file(stored.path());
  for (const auto& [name, entry] : file.entries()) {
    Shape shape;
    if (!as_shape(entry, shape)) continue;
    file.require(name, shape);
    std::vector<Real> numbers(shape.size());
    file.read({name, {numbers.data(), shape}});
  }
  file.read_all({});
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, read_all_tensors);
  constexpr std::size_t kLength = 8;
  if (size == 0) return 0;
  // The bytes once more as a header and, from the first line end on, numbers: nearly all lengths of a header are wrong.
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint64_t length = std::min(bytes.find('\n'), bytes.size());
  std::string whole(kLength, '\0');
  std::memcpy(whole.data(), &length, kLength);
  whole += bytes.substr(0, length);
  whole += bytes.substr(std::min<std::size_t>(length + 1, size));
  fuzz::run(reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size(), read_all_tensors);
  return 0;
}
