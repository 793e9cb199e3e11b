#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "nn/layers.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/safetensors.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace std::string_literals;

namespace {

std::string length_bytes(std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

/// A file of this header and data.
std::string file_of(const std::string& header, const std::string& data) {
  return length_bytes(header.size()) + header + data;
}

struct Net : Module {
  Linear first{this, "first", 3, 2};
  Linear last{this, "last", 2, 1, false};
};

/// The message of the error that opening these bytes gives, without the path; "" if there is none.
std::string error_of(const TemporaryFolder& folder, const std::string& bytes) {
  const std::string path = folder.file("broken.safetensors");
  write_file_atomically(path, bytes);
  try {
    const SafetensorsFile file(path);
    return "";
  } catch (const Error& error) {
    const std::string message = error.what(), start = "safetensors: " + path + ": ";
    CHECK(message.starts_with(start));
    return message.substr(std::min(start.size(), message.size()));
  }
}

// safetensors.numpy.save({"weight": float32 [[1, -2, 0.5], [4, 1e10, -0.0]], "bias": float64 [0.1, 3], "scale": float32
// 7 (no axes), "none": float32 of shape (0, 4)}, metadata={"made by": "safetensors.numpy", "ü": "\"quoted\""}), 0.8.0.
const std::string kPythonHeader = R"({"__metadata__":{"ü":"\"quoted\"","made by":"safetensors.numpy"},)"
                                  R"("bias":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                                  R"("none":{"dtype":"F32","shape":[0,4],"data_offsets":[16,16]},)"
                                  R"("scale":{"dtype":"F32","shape":[],"data_offsets":[16,20]},)"
                                  R"("weight":{"dtype":"F32","shape":[2,3],"data_offsets":[20,44]}} )";
const std::string kPythonData =
    "\x9a\x99\x99\x99\x99\x99\xb9\x3f\x00\x00\x00\x00\x00\x00\x08\x40"
    "\x00\x00\xe0\x40"
    "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x80\x40\xf9\x02\x15\x50\x00\x00\x00\x80"s;

}

TEST_CASE("safetensors: reads what Python wrote") {
  const TemporaryFolder folder;
  const std::string path = folder.file("python.safetensors");
  REQUIRE(kPythonHeader.size() == 304);
  write_file_atomically(path, file_of(kPythonHeader, kPythonData));
  const SafetensorsFile file(path);
  CHECK(file.metadata() == Metadata{{"made by", "safetensors.numpy"}, {"ü", "\"quoted\""}});
  CHECK(file.entries().size() == 4);
  CHECK(file.entries().at("bias").dtype == "F64");
  CHECK(file.entries().at("none").shape == std::vector<std::int64_t>{0, 4});

  Real weight[6], bias[2], scale;
  file.read({"weight", {weight, {2, 3}}});
  file.read({"bias", {bias, {2}}});
  file.read({"scale", {&scale, {}}});
  file.read({"none", {nullptr, {0, 4}}});
  CHECK(std::ranges::equal(weight, std::vector<Real>{1, -2, 0.5, 4, Real(1e10), 0}));
  CHECK(std::signbit(weight[5]));
  CHECK(bias[0] == Real(0.1));
  CHECK(bias[1] == 3);
  CHECK(scale == 7);
}

TEST_CASE("safetensors: writes exactly the bytes of the specification") {
  const TemporaryFolder folder;
  const std::string path = folder.file("ours.safetensors");
  Real numbers[] = {1, -2};
  const std::vector<NamedArray> arrays{{"b", {numbers, {2, 1}}}, {"a", {numbers + 1, {}}}};
  write_safetensors(path, arrays, {{"key", "text"}});
  const bool single = sizeof(Real) == sizeof(float);
  std::string header =
      single
          ? R"({"__metadata__":{"key":"text","checksum":"3b470b0266a18944"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
            R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}})"
          : R"({"__metadata__":{"key":"text","checksum":"8112468a59d080af"},"b":{"dtype":"F64","shape":[2,1],"data_offsets":[0,16]},)"
            R"("a":{"dtype":"F64","shape":[],"data_offsets":[16,24]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const Real stored[] = {1, -2, -2};
  CHECK(contents(path) == file_of(header, {reinterpret_cast<const char*>(stored), sizeof(stored)}));
}

TEST_CASE("safetensors: a module comes back to the bit, with its metadata") {
  const TemporaryFolder folder;
  const std::string path = folder.file("net.safetensors");
  Net net, other;
  initialize(other, 99);
  save(net, path, {{"epoch", "3"}});
  CHECK(load(other, path) == Metadata{{"epoch", "3"}});
  for (std::size_t i = 0; i < net.parameters().size(); ++i) {
    CHECK(std::ranges::equal(net.parameters()[i]->value(), other.parameters()[i]->value()));
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);

  Linear named(nullptr, "somewhere.else", 3, 2);  // names in files are relative to the module
  save(net.first, path);
  load(named, path);
  CHECK(std::ranges::equal(net.first.weight.value(), named.weight.value()));
}

TEST_CASE("safetensors: of many differences the first are named") {
  struct Many : Module {
    std::vector<std::unique_ptr<Linear>> layers;
    Many() {
      for (int i = 0; i < 9; ++i)
        layers.push_back(std::make_unique<Linear>(this, "layer" + std::to_string(i), 1, 1, false));
    }
  };
  const TemporaryFolder folder;
  const std::string path = folder.file("many.safetensors");
  Many many;
  save(many, path);
  struct None : Module {
  } none;
  CHECK_THROWS_WITH(load(none, path),
                    doctest::Contains("\"layer4.weight\" (1, 1) of the file is not asked for; and 4 more"));
}

TEST_CASE("safetensors: a file for another module is refused with all that differs, and nothing is loaded") {
  struct Other : Module {
    Linear first{this, "first", 4, 2};
    Linear extra{this, "extra", 1, 1, false};
  };
  const TemporaryFolder folder;
  const std::string path = folder.file("net.safetensors");
  Net net;
  save(net, path);
  Other other;
  initialize(other, 1, init::constant(5));
  CHECK_THROWS_WITH_AS(load(other, path),
                       ("safetensors: " + path +
                        ": it does not fit: \"first.weight\" is (2, 3) in the file; need (2, 4); \"extra.weight\" (1, "
                        "1) is missing in the file; \"last.weight\" (1, 2) of the file is not asked for")
                           .c_str(),
                       Error);
  for (const Parameter* parameter : other.parameters()) {
    for (const Real value : parameter->value()) CHECK(value == 5);
  }
  Real number;
  CHECK_THROWS_AS(SafetensorsFile(path).read({"none", {&number, {}}}), Error);
}

TEST_CASE("safetensors: every file that is cut off is refused") {
  const TemporaryFolder folder;
  const std::string whole = file_of(kPythonHeader, kPythonData);
  CHECK(error_of(folder, whole).empty());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(error_of(folder, whole.substr(0, size)).empty());
  }
  CHECK(error_of(folder, whole.substr(0, 7)) == "not a safetensors file: it has 7 bytes; need at least 8");
  CHECK(error_of(folder, whole.substr(0, 100)) ==
        "the file is cut off: its header has 304 bytes, of which 92 are there");
  CHECK(error_of(folder, whole.substr(0, whole.size() - 1)) ==
        "the file is cut off: tensor \"weight\" ends at byte 44; 43 are there");
  CHECK(error_of(folder, whole + "x") == "1 bytes follow that belong to no tensor");
}

TEST_CASE("safetensors: whatever else is wrong with a file is named") {
  const TemporaryFolder folder;
  const auto tensor = [](const char* name, const char* dtype, const char* shape, const char* offsets) {
    return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, dtype, shape, offsets);
  };
  const std::string a = tensor("a", "F32", "[1]", "[0,4]"), data(8, 'x');
  const auto error = [&](const std::string& inside) { return error_of(folder, file_of("{" + inside + "}", data)); };
  const auto b = [&](const char* dtype, const char* shape, const char* offsets) {
    return error(a + "," + tensor("b", dtype, shape, offsets));
  };
  CHECK(b("F32", "[1]", "[4,8]") == "");
  CHECK(b("I32", "[1]", "[4,8]") == R"(tensor "b": its type is "I32"; need F32, F64 or I64)");
  CHECK(b("F32", "[2]", "[4,8]") == R"(tensor "b": its data_offsets are 4 to 8, but (2) of F32 takes 8 bytes)");
  CHECK(b("F32", "[1]", "[8,4]") == R"(tensor "b": its data_offsets are 8 to 4, but (1) of F32 takes 4 bytes)");
  CHECK(b("F64", "[1]", "[0,8]") ==
        R"(tensor "b": it begins at byte 0 and so overlaps the tensor before it, which ends at byte 4)");
  CHECK(b("F32", "[0]", "[8,8]") ==
        R"(tensor "b": it begins at byte 8 and so leaves a hole after the tensor before it, which ends at byte 4)");
  CHECK(b("F32", "[-1]", "[4,8]") == R"(tensor "b": -1 in its header is no length or place)");
  CHECK(b("F32", "[1.0]", "[4,8]") == R"(tensor "b": 1.0 in its header is no length or place)");
  CHECK(b("F32", "[1]", "[4,99999999999999999999]") ==
        R"(tensor "b": 99999999999999999999 in its header is no length or place)");
  CHECK(b("F32", "[4294967296,4294967296]", "[4,8]") == R"(tensor "b": its shape is too large)");
  CHECK(b("F32", "1", "[4,8]") == R"(tensor "b": its shape is not a list)");
  CHECK(b("F32", "[1]", "[4,8,9]") == R"(tensor "b": its data_offsets are not two numbers)");
  CHECK(b("F32", "[1]", "[4,8],\"more\":1") ==
        R"(tensor "b": its header needs dtype, shape and data_offsets, and nothing else)");
  CHECK(error(a + "," + a) == R"(the name "a" is there twice)");
  CHECK(error(R"("__metadata__":{"k":"1","k":"2"})") == R"(the name "k" is there twice)");
  const std::string not_json = "not a safetensors file: its header is not the JSON it should be";
  CHECK(error(R"("__metadata__":{"j":"1","k":1})") == R"(its __metadata__ has 1 for "k"; need a text)");
  CHECK(error(R"("__metadata__":{"k":null})") == R"(its __metadata__ has null for "k"; need a text)");
  CHECK(error(R"("__metadata__":{"k":{"l":"m"}})") == R"(its __metadata__ has {"l":"m"} for "k"; need a text)");
  CHECK(error(R"("__metadata__":[1.50])") == "its __metadata__ is [1.5]; need texts with names");
  CHECK(error(R"("__metadata__":7)") == "its __metadata__ is 7; need texts with names");
  const std::string b8 = tensor("b", "F32", "[1]", "[4,8]");
  const std::string nul = not_json + ": a NUL at byte ";
  CHECK(error_of(folder, file_of("{" + a + "," + b8 + "}\0and more"s, data)).starts_with(nul));
  CHECK(error_of(folder, file_of("{" + a + "," + b8 + "}\0"s, data)).starts_with(nul));
  CHECK(error_of(folder, file_of("{" + a + "\0,"s + b8 + "}", data)).starts_with(nul));
  CHECK(error("\"a\":{").starts_with(not_json + ": parse error"));
  CHECK(error("\"a\":" + std::string(1'000'000, '[')) == not_json + ": a: it is nested too deeply");
  CHECK(b("F32", "[0,9223372036854775808]", "[4,4]") ==
        R"(tensor "b": 9223372036854775808 in its header is no length or place)");
  CHECK(error_of(folder, file_of("[]", "")) == "not a safetensors file: its header does not begin with {");
  CHECK(error_of(folder, file_of("", "")) == "not a safetensors file: its header does not begin with {");
  CHECK(error_of(folder, length_bytes(100'000'001) + data) ==
        "not a safetensors file: its header would have 100000001 bytes; at most 100000000 are allowed");
  CHECK(error_of(folder, "this is a text file") != "");
}

TEST_CASE("safetensors: numbers of F64 that are no floats are named, and nothing is loaded") {
  const TemporaryFolder folder;
  const std::string path = folder.file("wide");
  for (const double number : {1e300, -1e39, std::nan("")}) {
    const double numbers[] = {1, 2, number, 4};
    const std::string header = R"({"w":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}})";
    write_file_atomically(path, file_of(header, {reinterpret_cast<const char*>(numbers), sizeof(numbers)}));
    Real into[4] = {7, 7, 7, 7};
    const NamedArray array{"w", {into, {2, 2}}};
    const SafetensorsFile file(path);
    if (sizeof(Real) == sizeof(double)) {
      CHECK_NOTHROW(file.read(array));
      continue;
    }
    const std::string text = fmt::format(
        "safetensors: {}: \"w\" is F64 and holds {} at (1, 0); need numbers that a float "
        "can hold",
        path, number);
    CHECK_THROWS_WITH_AS(file.read(array), text.c_str(), Error);
    CHECK_THROWS_AS(file.read_all({&array, 1}), Error);
    CHECK(into[0] == 7);
  }
  const double infinite[] = {-INFINITY, 1e-300};  // are floats: -inf and 0
  const std::string header = R"({"w":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})";
  write_file_atomically(path, file_of(header, {reinterpret_cast<const char*>(infinite), sizeof(infinite)}));
  Real into[2];
  SafetensorsFile(path).read({"w", {into, {2}}});
  CHECK(into[0] == -INFINITY);
}

TEST_CASE("safetensors: counts of I64 become the nearest number") {
  const TemporaryFolder folder;
  const std::string path = folder.file("counts");
  const std::int64_t numbers[] = {3, (1 << 24) + 1, -((1LL << 53) + 1), std::numeric_limits<std::int64_t>::max()};
  const std::string header = R"({"n":{"dtype":"I64","shape":[4],"data_offsets":[0,32]}})";
  write_file_atomically(path, file_of(header, {reinterpret_cast<const char*>(numbers), sizeof(numbers)}));
  Real into[4];
  SafetensorsFile(path).read({"n", {into, {4}}});
  for (int i = 0; i < 4; ++i) CHECK(into[i] == static_cast<Real>(numbers[i]));
  CHECK(into[1] == (sizeof(Real) == sizeof(float) ? 1 << 24 : (1 << 24) + 1));
}

TEST_CASE("safetensors: a model of a file takes no memory for what the file does not have") {
  const TemporaryFolder folder;
  const std::string path = folder.file("net.safetensors");
  Net net;
  save(net, path);
  const SafetensorsFile file(path);
  const auto require = [&](const std::string& name, const Shape& shape) { file.require(name, shape); };
  {
    const WithoutInit without_init(require);
    const Net fits;
    CHECK_THROWS_WITH_AS(
        Linear(nullptr, "first", 1 << 20, 1 << 20),
        ("safetensors: " + path + ": it does not fit: \"first.weight\" is (2, 3) in the file; need (1048576, 1048576)")
            .c_str(),
        Error);
    {
      const WithoutInit inner;
      CHECK_NOTHROW(Linear(nullptr, "first", 1, 1));
    }
    CHECK_THROWS_AS(Linear(nullptr, "other", 3, 2), Error);
    struct Counts : Module {
      Buffer buffer{this, "running_mean", {1 << 20}};
    };
    CHECK_THROWS_AS(Counts(), Error);
  }
  CHECK_NOTHROW(Linear(nullptr, "first", 1, 1));
}

TEST_CASE("safetensors: what is no file is refused at once") {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& path : {pipe, std::string("/dev/zero")}) {
    CHECK_THROWS_WITH_AS(SafetensorsFile{path},
                         ("safetensors: " + path + ": this is a pipe or device; need a file").c_str(), Error);
  }
  CHECK_THROWS_WITH_AS(SafetensorsFile{folder.path()},
                       ("safetensors: " + folder.path() + ": this is a folder; need a file").c_str(), Error);
}

TEST_CASE("safetensors: paths that cannot be read or written, and names that cannot be stored") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(SafetensorsFile(folder.file("nothing")), Error);
  CHECK_THROWS_AS(SafetensorsFile(folder.path()), Error);
  Net net;
  CHECK_THROWS_AS(save(net, folder.file("no such folder/file")), Error);
  const std::string path = folder.file("file");
  Real number = 1;
  const NamedArray array{"a", {&number, {}}}, reserved{"__metadata__", {&number, {}}}, broken{"\xff", {&number, {}}};
  CHECK_THROWS_AS(write_safetensors(path, std::vector{array, array}), Error);
  CHECK_THROWS_AS(write_safetensors(path, std::vector{reserved}), Error);
  CHECK_THROWS_AS(write_safetensors(path, std::vector{broken}), Error);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("safetensors: every bit that is flipped is noticed") {
  const TemporaryFolder folder;
  Net net;
  save(net, folder.file("net"), {{"made by", "a test"}});
  const std::string whole = contents(folder.file("net"));
  CHECK(error_of(folder, whole) == "");
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      CAPTURE(byte);
      CAPTURE(bit);
      // Without its name the sum is a text like others, and the file like one of another program: nothing else is
      // wrong.
      const bool in_name = byte - whole.find("checksum") < std::string_view("checksum").size();
      if (!in_name) CHECK(error_of(folder, flipped) != "");
    }
  }
  std::string changed = whole;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CHECK(error_of(folder, changed).starts_with("the file is damaged: its checksum is "));
}

TEST_CASE("safetensors: a checksum depends on no order, and the texts of another file bring none along") {
  const TemporaryFolder folder;
  Net net;
  save(net, folder.file("a"));
  std::vector<NamedArray> arrays = state_dict(net);
  const auto checksum = [&](const char* name) {
    const std::string text = contents(folder.file(name)), key = R"("checksum":")";
    REQUIRE(text.find(key) != std::string::npos);
    return text.substr(text.find(key) + key.size(), 16);
  };
  std::ranges::reverse(arrays);
  write_safetensors(folder.file("b"), arrays, {{"checksum", "of another file"}});
  CHECK(checksum("a") == checksum("b"));
  CHECK(SafetensorsFile(folder.file("b")).metadata().empty());
  arrays.front().array[0] += 1;
  write_safetensors(folder.file("c"), arrays);
  CHECK(checksum("a") != checksum("c"));
}

TEST_CASE("atomic file: replaces the whole file and keeps its permissions, or leaves everything as it was") {
  const TemporaryFolder folder;
  const std::string path = folder.file("file");
  const auto files = [&] { return std::distance(std::filesystem::directory_iterator(folder.path()), {}); };
  write_file_atomically(path, "a longer text");
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  write_file_atomically(path, "text");
  CHECK(contents(path) == "text");
  CHECK(std::filesystem::status(path).permissions() == (perms::owner_read | perms::owner_write));
  CHECK(files() == 1);

  std::filesystem::create_directories(folder.file("taken/by a folder"));
  CHECK_THROWS_AS(write_file_atomically(folder.file("taken"), "text"), Error);
  CHECK(files() == 2);
}
