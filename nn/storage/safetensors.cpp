#include "nn/storage/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "autograd/gradcheck.h"
#include "nn/rng.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/checksum.h"
#include "nn/storage/json.h"
#include "nn/storage/regular_file.h"

namespace gradus::inline GRADUS_PRECISION {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie in memory, little-endian");

namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;  // as in the reference implementation
constexpr const char* kMetadataKey = "__metadata__";
constexpr const char* kChecksumKey = "checksum";  // in the metadata
constexpr const char* kRealType = sizeof(Real) == sizeof(float) ? "F32" : "F64";

/// The bytes that a tensor of this type and shape takes. Throws if they are too many to count.
std::size_t byte_count(const SafetensorsFile::Entry& entry) {
  std::size_t count = entry.dtype == "F32" ? sizeof(float) : sizeof(double);
  if (std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end()) return 0;
  for (const std::int64_t dim : entry.shape) {
    if (__builtin_mul_overflow(count, static_cast<std::size_t>(dim), &count)) throw Error("its shape is too large");
  }
  return count;
}

std::size_t to_size(const Json& number) {
  if (!number.is<std::uint64_t>() || !std::in_range<std::int64_t>(number.as<std::uint64_t>()))
    throw Error(number.written() + " in its header is no length or place");
  return number.as<std::uint64_t>();
}

/// `(32, 512)`, with lengths that an `int` may not hold.
std::string shape_text(const SafetensorsFile::Entry& entry) {
  std::string text;
  for (const std::int64_t dim : entry.shape) text += (text.empty() ? "" : ", ") + std::to_string(dim);
  return "(" + text + ")";
}

SafetensorsFile::Entry parse_entry(const Json& json) {
  if (!json.is<Json::Object>() || json.size() != 3 || !json.find("dtype") || !json.find("shape") ||
      !json.find("data_offsets")) {
    throw Error("its header needs dtype, shape and data_offsets, and nothing else");
  }
  const Json &dtype = json["dtype"], &shape = json["shape"], &offsets = json["data_offsets"];
  constexpr const char* kTypes[] = {"F32", "F64", "I64"};
  if (!dtype.is<std::string>() || std::ranges::find(kTypes, dtype.as<std::string>()) == std::end(kTypes)) {
    throw Error(fmt::format("its type is {}; need F32, F64 or I64", dtype.dump()));
  }
  if (!shape.is<Json::List>()) throw Error("its shape is not a list");
  if (!offsets.is<Json::List>() || offsets.size() != 2) throw Error("its data_offsets are not two numbers");

  SafetensorsFile::Entry entry{dtype.as<std::string>(), {}, to_size(offsets[0]), to_size(offsets[1])};
  for (const Json& dim : shape.items()) entry.shape.push_back(static_cast<std::int64_t>(to_size(dim)));
  if (entry.begin > entry.end || entry.end - entry.begin != byte_count(entry)) {
    throw Error(fmt::format("its data_offsets are {} to {}, but {} of {} takes {} bytes", entry.begin, entry.end,
                            shape_text(entry), entry.dtype, byte_count(entry)));
  }
  return entry;
}

Metadata parse_metadata(const Json& json) {
  if (!json.is<Json::Object>())
    throw Error(fmt::format("its {} is {}; need texts with names", kMetadataKey, json.written()));
  Metadata metadata;
  for (const auto& [name, text] : json.members()) {
    if (!text.is<std::string>()) {
      throw Error(fmt::format("its {} has {} for \"{}\"; need a text", kMetadataKey, text.written(), name));
    }
    metadata.emplace(name, text.as<std::string>());
  }
  return metadata;
}

/// What of a stored F64 is no float: the first finite number that is too large, or NaN. An empty text if there is none.
std::string lost_in_float(const char* from, const Shape& shape) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    double number;
    std::memcpy(&number, from + i * sizeof(double), sizeof(double));
    const bool too_large = std::isfinite(number) && !std::isfinite(static_cast<float>(number));
    if (too_large || std::isnan(number)) {
      return fmt::format("{} at {}", std::isnan(number) ? "nan" : fmt::format("{}", number), position(shape, i));
    }
  }
  return "";
}

/// The sum of hashes of all tensors and texts of a file: it depends neither on their order nor on how the header is
/// written.
class Checksum {
 public:
  void add(std::string_view name, std::string_view text) { sum_ += hash_of(hash_of(0, name), text); }
  template <class Dim>
  void add(std::string_view name, std::string_view dtype, std::span<const Dim> shape, std::string_view bytes) {
    std::uint64_t hash = hash_of(hash_of(1, name), dtype);
    for (const Dim dim : shape) hash = derive_seed(hash, static_cast<std::uint64_t>(dim));
    sum_ += hash_of(hash, bytes);
  }
  std::string text() const { return fmt::format("{:016x}", sum_); }

 private:
  std::uint64_t sum_ = 0;
};

std::string_view bytes_of(Array array) {
  return {reinterpret_cast<const char*>(array.data), array.size() * sizeof(Real)};
}

template <class Stored>
void convert(const char* from, Array into) {
  const std::size_t size = into.size();
  for (std::size_t i = 0; i < size; ++i) {
    Stored number;  // the file says nothing about alignment
    std::memcpy(&number, from + i * sizeof(Stored), sizeof(Stored));
    into[i] = static_cast<Real>(number);
  }
}

}

void write_safetensors(const std::string& path, std::span<const NamedArray> arrays, const Metadata& metadata) {
  Json::Object header, texts;
  Checksum checksum;
  for (const auto& [name, text] : metadata) {
    if (name == kChecksumKey) continue;  // of the file that the texts come from
    texts.push_back({name, text});
    checksum.add(name, text);
  }
  for (const auto& [name, array] : arrays) {
    checksum.add(name, kRealType, std::span<const int>(array.shape.begin(), array.shape.end()), bytes_of(array));
  }
  texts.push_back({kChecksumKey, checksum.text()});
  header.push_back({kMetadataKey, Json::object(std::move(texts))});
  std::set<std::string> names = {kMetadataKey};
  std::size_t end = 0;
  for (const auto& [name, array] : arrays) {
    if (!names.insert(name).second) fail("safetensors: {}: the name \"{}\" is taken already", path, name);
    const std::size_t begin = std::exchange(end, end + array.size() * sizeof(Real));
    header.push_back({name, Json::object({{"dtype", kRealType},
                                          {"shape", std::vector<int>(array.shape.begin(), array.shape.end())},
                                          {"data_offsets", std::vector{begin, end}}})});
  }
  std::string bytes(kLengthBytes, '\0');
  try {
    bytes += Json::object(std::move(header)).dump();
  } catch (const JsonError&) {
    fail("safetensors: {}: a name or a text of the metadata is not UTF-8", path);
  }
  while (bytes.size() % 8 != 0) bytes += ' ';  // so that the numbers are aligned
  const std::uint64_t length = bytes.size() - kLengthBytes;
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes.reserve(bytes.size() + end);
  for (const auto& [name, array] : arrays) bytes += bytes_of(array);
  write_file_atomically(path, bytes);
}

SafetensorsFile::SafetensorsFile(const std::string& path) : path_(path) {
  try {
    bytes_ = read_regular_file(path);
  } catch (const Error& error) {
    fail("safetensors: {}", error.what());
  }
  std::uint64_t length = 0;
  if (bytes_.size() < kLengthBytes) {
    fail("safetensors: {}: not a safetensors file: it has {} bytes; need at least {}", path, bytes_.size(),
         kLengthBytes);
  }
  std::memcpy(&length, bytes_.data(), kLengthBytes);
  if (length > kMaxHeader) {
    fail("safetensors: {}: not a safetensors file: its header would have {} bytes; at most {} are allowed", path,
         length, kMaxHeader);
  }
  if (length > bytes_.size() - kLengthBytes) {
    fail("safetensors: {}: the file is cut off: its header has {} bytes, of which {} are there", path, length,
         bytes_.size() - kLengthBytes);
  }
  begin_ = kLengthBytes + length;
  parse_header(std::string_view(bytes_).substr(kLengthBytes, length));
  check_layout();
  take_checksum();
}

void SafetensorsFile::parse_header(std::string_view header) {
  std::string tensor;
  try {
    if (!header.starts_with('{')) throw Error("not a safetensors file: its header does not begin with {");
    const Json json = Json::parse(header);
    for (const auto& [name, value] : json.members()) {
      if (name == kMetadataKey) {
        metadata_ = parse_metadata(value);
      } else {
        tensor = fmt::format("tensor \"{}\": ", name);
        entries_.emplace(name, parse_entry(value));
        tensor.clear();
      }
    }
  } catch (const JsonError& error) {
    fail("safetensors: {}: not a safetensors file: its header is not the JSON it should be: {}", path_, error.what());
  } catch (const Error& error) {
    fail("safetensors: {}: {}{}", path_, tensor, error.what());
  }
}

void SafetensorsFile::check_layout() const {
  using Named = std::pair<const std::string, Entry>;
  std::vector<const Named*> by_place;
  for (const Named& entry : entries_) by_place.push_back(&entry);
  std::sort(by_place.begin(), by_place.end(), [](const Named* a, const Named* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  const std::size_t size = bytes_.size() - begin_;
  std::size_t end = 0;
  for (const Named* named : by_place) {
    const auto& [name, entry] = *named;
    if (entry.begin != end) {
      fail("safetensors: {}: tensor \"{}\": it begins at byte {} and so {} the tensor before it, which ends at byte {}",
           path_, name, entry.begin, entry.begin < end ? "overlaps" : "leaves a hole after", end);
    }
    end = entry.end;
    if (end > size) {
      fail("safetensors: {}: the file is cut off: tensor \"{}\" ends at byte {}; {} are there", path_, name, end, size);
    }
  }
  if (end != size) fail("safetensors: {}: {} bytes follow that belong to no tensor", path_, size - end);
}

std::string SafetensorsFile::mismatch(const std::string& name, const Shape& shape) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return fmt::format("\"{}\" {} is missing in the file", name, shape);
  const auto& stored = found->second.shape;
  if (std::equal(stored.begin(), stored.end(), shape.begin(), shape.end())) return "";
  return fmt::format("\"{}\" is {} in the file; need {}", name, shape_text(found->second), shape);
}

void SafetensorsFile::take_checksum() {
  const auto written = metadata_.extract(kChecksumKey);
  if (written.empty()) return;  // another program wrote the file
  Checksum checksum;
  for (const auto& [name, text] : metadata_) checksum.add(name, text);
  for (const auto& [name, entry] : entries_) {
    checksum.add(name, entry.dtype, std::span(entry.shape), {data(entry), entry.end - entry.begin});
  }
  if (checksum.text() == written.mapped()) return;
  fail(
      "safetensors: {}: the file is damaged: its checksum is {}, and that of its contents {}; whoever changed them on "
      "purpose leaves \"{}\" out of the metadata",
      path_, written.mapped(), checksum.text(), kChecksumKey);
}

std::string SafetensorsFile::mismatch(const NamedArray& into) const {
  if (const std::string problem = mismatch(into.name, into.array.shape); !problem.empty()) return problem;
  const Entry& entry = entries_.at(into.name);
  if (sizeof(Real) == sizeof(double) || entry.dtype != "F64") return "";
  const std::string lost = lost_in_float(data(entry), into.array.shape);
  return lost.empty() ? ""
                      : fmt::format("\"{}\" is F64 and holds {}; need numbers that a float can hold", into.name, lost);
}

void SafetensorsFile::require(const std::string& name, const Shape& shape) const {
  if (const std::string problem = mismatch(name, shape); !problem.empty()) fail_as_misfit(problem);
}

void SafetensorsFile::fail_as_misfit(const std::string& problems) const {
  fail("safetensors: {}: it does not fit: {}", path_, problems);
}

void SafetensorsFile::copy(const NamedArray& into) const {
  const Entry& entry = entries_.at(into.name);
  const auto convert_numbers = entry.dtype == "F32"   ? convert<float>
                               : entry.dtype == "F64" ? convert<double>
                                                      : convert<std::int64_t>;
  convert_numbers(data(entry), into.array);
}

void SafetensorsFile::read(const NamedArray& into) const {
  if (const std::string problem = mismatch(into); !problem.empty()) fail("safetensors: {}: {}", path_, problem);
  copy(into);
}

void SafetensorsFile::read_all(std::span<const NamedArray> into) const {
  constexpr std::size_t kMostNamed = 5;
  std::string problems;
  std::size_t count = 0;
  const auto add = [&](const std::string& problem) {
    if (++count <= kMostNamed) problems += (problems.empty() ? "" : "; ") + problem;
  };
  std::set<std::string> asked;
  for (const NamedArray& array : into) {
    if (const std::string problem = mismatch(array); !problem.empty()) add(problem);
    asked.insert(array.name);
  }
  for (const auto& [name, entry] : entries_) {
    if (!asked.contains(name)) add(fmt::format("\"{}\" {} of the file is not asked for", name, shape_text(entry)));
  }
  if (count > kMostNamed) problems += fmt::format("; and {} more", count - kMostNamed);
  if (count > 0) fail_as_misfit(problems);
  for (const NamedArray& array : into) copy(array);
}

void save(Module& module, const std::string& path, const Metadata& metadata) {
  write_safetensors(path, state_dict(module), metadata);
}

Metadata load(Module& module, const std::string& path) {
  const SafetensorsFile file(path);
  file.read_all(state_dict(module));
  return file.metadata();
}

}
