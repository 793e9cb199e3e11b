#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <limits>

#include "examples/translate/data/batches.h"
#include "nn/storage/atomic_file.h"
#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"
#include "tests/translate/training_session.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr std::uint64_t kKey = 7;
const std::vector<Pair> kFilePairs = {
    {{4, 5, kEnd}, {6, kEnd}}, {{kUnknown, kEnd}, {7, 7, 6, kEnd}}, {{4, kEnd}, {kEnd}}};

std::string file_of(const std::vector<Pair>& pairs) {
  std::string bytes;
  TokenWriter writer([&](std::string_view more) { bytes += more; }, pairs.size());
  for (const Pair& pair : pairs) writer.add(pair.source, pair.target);
  writer.finish(kKey, 2);
  return bytes;
}

struct Opened {
  explicit Opened(std::string_view bytes, std::uint64_t key = kKey, std::size_t target_words = 8) {
    write_file_atomically(path, bytes);
    tokens = std::make_unique<TokenFile>(path, key, 6, target_words);
  }
  TemporaryFolder folder;
  std::string path = folder.file("tokens.bin");
  std::unique_ptr<TokenFile> tokens;
};

std::vector<int> vector_of(std::span<const int> words) { return {words.begin(), words.end()}; }

std::filesystem::file_time_type time_of(const std::string& path) { return std::filesystem::last_write_time(path); }

}

TEST_CASE("pairs come back from a file of tokens, with what was left out") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, kFilePairs.size()}) {
    const std::vector<Pair> pairs(kFilePairs.begin(), kFilePairs.begin() + static_cast<std::ptrdiff_t>(count));
    const Opened file(file_of(pairs));
    const Pairs found = file.tokens->pairs();
    REQUIRE(found.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(vector_of(found.source(i)) == pairs[i].source);
      CHECK(vector_of(found.target(i)) == pairs[i].target);
    }
    CHECK(file.tokens->summary().left_out == 2);
    CHECK(fingerprint(found, {}) == fingerprint(pairs, {}));
    CHECK(TokenFile::is_one(file.path));
  }
  CHECK(complaint([] {
          const TokenWriter writer([](std::string_view) {}, std::size_t{1} << 31);
        }).starts_with("the text has 2147483648 pairs"));
}

TEST_CASE("a file of tokens that is cut off, damaged, a stranger's or none at all is refused, with its name") {
  const auto error = [](std::string_view bytes, std::uint64_t key = kKey, std::size_t target_words = 8) {
    const std::string text = complaint([&] { Opened(bytes, key, target_words); });
    return text.substr(std::min(text.size(), text.find("tokens.bin")));
  };
  const std::string whole = file_of(kFilePairs);
  CHECK(error(whole).empty());
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(error(whole.substr(0, size)).starts_with("tokens.bin: "));
  CHECK(error(whole + whole).starts_with("tokens.bin: the file is damaged or cut off"));
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const std::size_t left_out = whole.size() - 16;
    if (bit / 8 >= left_out && bit / 8 < left_out + 8) continue;  // a number that is told, and no more
    CAPTURE(bit);
    CHECK(error(bytes).starts_with("tokens.bin: "));
  }
  CHECK(error(whole, kKey + 1) == "tokens.bin: the words are those of another text or vocabulary");
  CHECK(error(whole, kKey, 7) == "tokens.bin: the file is damaged: there is no word 7 among 7");
  for (const std::vector<Pair>& pairs : std::vector<std::vector<Pair>>{
           {{{4, -1, kEnd}, {kEnd}}}, {{{4}, {kEnd}}}, {{{}, {kEnd}}}, {{{4, kEnd, 4, kEnd}, {kEnd}}}}) {
    CHECK(error(file_of(pairs)).starts_with("tokens.bin: the file is damaged: "));
  }
  for (const std::uint64_t number :
       {std::uint64_t{1} << 31, std::uint64_t{1} << 61, std::numeric_limits<std::uint64_t>::max()}) {
    for (const std::size_t at : {32, 24, 48, 56}) {  // pairs, words, ends
      std::string bytes = whole;
      std::memcpy(bytes.data() + bytes.size() - at, &number, sizeof number);
      CHECK(error(bytes).starts_with("tokens.bin: "));
    }
  }
  CHECK(complaint([] { TokenFile("/dev/zero", kKey, 6, 8); }) == "/dev/zero: this is no file of tokens");
  CHECK(complaint([] { TokenFile("/", kKey, 6, 8); }) == "/: this is no file of tokens");
}

TEST_CASE("a line that must be too long is not cut into subwords, and no other is left out") {
  const CorpusText text = small_corpus();
  const Languages languages =
      learn_languages(text.train, {.tokenizer = TokenizerKind::Bpe, .vocabulary_size = 300, .lowercase = true});
  for (const std::string& unit : {std::string("the "), std::string("x"), std::string("\u0130\u3000  "),
                                  std::string("\U0001F600"), text.valid.source.front() + " ", std::string(" \t")}) {
    std::string line;
    for (int i = 0; i < 400; ++i) line += unit;
    const std::size_t pieces = languages.source.split(line).size();
    CHECK_FALSE(languages.source.surely_exceeds(line, pieces));
    CHECK(languages.source.surely_exceeds(line, pieces / 100) == (pieces > 0));
  }
  CHECK_FALSE(Language(Vocabulary()).surely_exceeds(std::string(1000, 'x'), 1));
}

TEST_CASE("the words of a text are written once, and again if they are not those of the text") {
  const TemporaryFolder folder;
  const std::string path = folder.file("tokens.bin");
  const CorpusText text = small_corpus();
  TrainConfig config = small_config();
  const auto translator = new_translator(config, text);
  const auto words = [&] { return encode_corpus(text, *translator, config, path); };
  const std::uint64_t print = fingerprint(words().train, {});
  const auto first = time_of(path);
  CHECK(fingerprint(words().train, {}) == print);
  CHECK(time_of(path) == first);
  CHECK(fingerprint(encode_corpus(text, *translator, config).train, {}) == print);

  const std::string whole = read_file(path);
  write_file_atomically(path, whole.substr(0, whole.size() / 2));
  CHECK(fingerprint(words().train, {}) == print);
  CHECK(read_file(path) == whole);
  std::string damaged = whole;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  write_file_atomically(path, damaged);
  CHECK(fingerprint(words().train, {}) == print);
  CHECK(read_file(path) == whole);

  config.max_length = 5;
  const Corpus shorter = words();
  CHECK(shorter.too_long > 0);
  CHECK(shorter.train.size() + shorter.too_long == text.train.size());
  CHECK(read_file(path) != whole);

  write_file_atomically(path, "mine");
  CHECK(complaint(words) ==
        path + ": the file is there already, and none of tokens; remove it, or name another folder");
  CHECK(read_file(path) == "mine");
}
