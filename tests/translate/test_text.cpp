#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/input_lines.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/atomic_file.h"

using namespace gradus;
using namespace gradus::translate;
using WordViews = std::vector<std::string_view>;
using Lines = std::vector<std::string>;

namespace {

/// A folder of its own for a test, removed at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gradus-text-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& name) const { return path_ + "/" + name; }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  size_t files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {})); }

 private:
  std::string path_;
};

/// The text of the error that `action` throws, with the folder's name taken out.
template <typename Action>
std::string error_of(const Folder& folder, Action action) {
  try {
    action();
  } catch (const Error& error) {
    std::string text = error.what();
    for (const std::string prefix = folder.path(""); text.find(prefix) != std::string::npos;) {
      text.erase(text.find(prefix), prefix.size());
    }
    return text;
  }
  return "no error";
}

/// No file may grow past `bytes` while this lives: writes fail as they do on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before_{};
};

}

TEST_CASE("words are split at Unicode white space") {
  CHECK(split_words("  ein Mann\tgeht . ") == WordViews{"ein", "Mann", "geht", "."});
  CHECK(split_words("a\u00a0b\u2009c\u3000d\u0085e") == WordViews{"a", "b", "c", "d", "e"});
  CHECK(split_words("zero\u200bwidth") == WordViews{"zero\u200bwidth"});
  CHECK(split_words(" \t ").empty());
  CHECK(split_words("").empty());
  CHECK(join_words({"a", "b", "c"}) == "a b c");
}

TEST_CASE("UTF-8 is checked strictly") {
  CHECK(find_invalid_utf8("plain, Größe, 日本, 😀, \U0010FFFF") == std::string_view::npos);
  CHECK(find_invalid_utf8("ab\xFF") == 2);
  CHECK(find_invalid_utf8("\x80") == 0);                  // a continuation without a start
  CHECK(find_invalid_utf8("a\xC3") == 1);                 // truncated
  CHECK(find_invalid_utf8("\xC3(") == 0);                 // no continuation
  CHECK(find_invalid_utf8("\xC0\x80") == 0);              // overlong
  CHECK(find_invalid_utf8("\xE0\x9F\xBF") == 0);          // overlong
  CHECK(find_invalid_utf8("x\xED\xA0\x80") == 1);         // a surrogate
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);      // above U+10FFFF
  CHECK(find_invalid_utf8("\xF8\x88\x80\x80\x80") == 0);  // five bytes
}

TEST_CASE("categories of characters") {
  for (const char32_t c : std::u32string_view(U".,¿«–…。؟।")) CHECK(is_punctuation(c));
  for (const char32_t c : std::u32string_view(U"$+<^€©😀")) CHECK(is_symbol(c));
  for (const char32_t c : std::u32string_view(U"09²½Ⅷ①५")) CHECK(is_number(c));
  for (const char32_t c : U"aÄ日 \u0301\u200b") CHECK_FALSE((is_punctuation(c) || is_symbol(c) || is_number(c)));
  CHECK(without_trailing_space(" a b \t\u3000") == " a b");
  CHECK(without_trailing_space(" \n").empty());
}

TEST_CASE("code points survive encoding") {
  CHECK(code_points("aß日😀\xFF") == U"aß日😀\uFFFD");
  CHECK(utf8(U"aß日😀") == "aß日😀");
  for (const char32_t c :
       {U'a', U'\u007f', U'\u0080', U'ß', U'\u07ff', U'\u0800', U'日', U'\uffff', U'\U00010000', U'😀'}) {
    std::string text;
    append_utf8(text, c);
    CHECK(first_code_point(text).value == c);
    CHECK(first_code_point(text).length == text.size());
  }
}

TEST_CASE("lower case") {
  CHECK(lower_case("ÄÖÜ ẞ ÉCOLE ŒUF ŁÓDŹ Ÿ ŻÓŁĆ") == "äöü ß école œuf łódź ÿ żółć");
  CHECK(lower_case("ПРИВЕТ Ёж ΟΔΟΣ ΑΣ. Σ ＡＢ") == "привет ёж οδος ας. σ ａｂ");
  CHECK(lower_case("ᾼ ΑΣ'Α ΑΣ' ΑΣ\u0301 Ა Ꭰ Ⰰ 𐐀 Ⅷ Ⓐ") ==
        "ᾳ ασ'α ας' ας\u0301 ა ꭰ ⰰ 𐐨 ⅷ ⓐ");
  CHECK(lower_case("already ß 3 日 \xFF") == "already ß 3 日 \xFF");
}

TEST_CASE("display width and visible characters") {
  CHECK(display_width("mangé") == 5);
  CHECK(display_width("mange\u0301") == 5);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("😀") == 2);
  CHECK(visible_characters("e\u0301日") == Lines{"e\u0301", "日"});
  CHECK(visible("a\x1b[31m\n\t\u009b\u00e9\xFF", "\n\t") == "a\uFFFD[31m\n\t\uFFFD\u00e9\uFFFD");
  CHECK(visible("a\n\x7f") == "a\uFFFD\uFFFD");
  CHECK(visible_characters("\x1b[\xFF") == Lines{"\uFFFD", "[", "\uFFFD"});
  for (const char32_t c :
       {U'\uFDD0', U'\uFFFE', U'\uFFFF', U'\U0001FFFE', U'\U0010FFFF', U'\u2028', U'\u007F', U'\u0085'})
    CHECK(visible_characters(utf8(std::u32string(1, c))) == Lines{"\uFFFD"});
}

TEST_CASE("lines end in LF or CRLF, and a byte order mark is skipped") {
  const Folder folder;
  CHECK(read_lines(folder.write("a", "eins\nzwei\n")) == Lines{"eins", "zwei"});
  CHECK(read_lines(folder.write("b",
                                "\xEF\xBB\xBF"
                                "eins\r\nzwei")) == Lines{"eins", "zwei"});
  CHECK(read_lines(folder.write("c", "\n\nx\n")) == Lines{"", "", "x"});
  CHECK(read_lines(folder.write("d", "")).empty());
  const std::string large(300'000, 'x');
  CHECK(read_file(folder.write("e", large)) == large);
}

TEST_CASE("lines end in LF alone, whatever else Unicode calls a line") {
  const Folder folder;
  CHECK(read_lines(folder.write("a", "eins\u2028zwei\u2029drei\u0085vier\v\ffünf")) ==
        Lines{"eins\u2028zwei\u2029drei\u0085vier\v\ffünf"});
  CHECK(read_lines(folder.write("b", "eins\r\nzwei\ndrei\r\r\n\r\nvier\r")) ==
        Lines{"eins", "zwei", "drei", "", "vier"});
  CHECK(read_lines(folder.write("c", "\uFEFF\r\nzwei")) == Lines{"", "zwei"});
}

TEST_CASE("what is no text, or another one than it seems, is refused with its place") {
  const Folder folder;
  const auto error = [&](const std::string& bytes) {
    folder.write("a", bytes);
    return error_of(folder, [&] { read_lines(folder.path("a")); });
  };
  using namespace std::string_literals;
  const std::string utf16 = "; if the text is UTF-16 or UTF-32, convert it first: iconv -f UTF-16LE -t UTF-8";
  CHECK(error("J\0a\0\n\0"s) == "a:1: a NUL at byte 2" + utf16);
  CHECK(error("\0J\0a\0\n"s) == "a:1: a NUL at byte 1" + utf16);
  CHECK(error("\xC4\0h\0\n\0"s) == "a:1: a NUL at byte 2" + utf16);
  CHECK(error("\x1F\x04\n\0\x40\x04"s) == "a:2: a NUL at byte 1" + utf16);
  CHECK(error("J\0\0\0a\0\0\0"s) == "a:1: a NUL at byte 2" + utf16);
  CHECK(error("eins\nzw\0ei\n"s) == "a:2: a NUL at byte 3" + utf16);
  CHECK(error("\xFE\xFF\0J"s) == "a: the text is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8");
  for (const std::string& mark : {"\xFF\xFE\0\0"s, "\0\0\xFE\xFF"s})
    CHECK(error(mark + "J\0\0\0"s) == "a: the text is UTF-32, not UTF-8; convert it first: iconv -f UTF-32 -t UTF-8");
  CHECK(error("\xFD\x37zXZ"s) == "a: the text is compressed; unpack it first: xz -dc");
  CHECK(error("PK\x03\x04"s).starts_with("a: the text is a ZIP archive; "));
  const std::string ends = "; lines end with LF or CRLF: if these end with CR, tr '\\r' '\\n' mends them";
  CHECK(error("eins\rzwei\rdrei\r") == "a:1: a carriage return at byte 5" + ends);
  CHECK(error("eins\nzwei\rdrei\n") == "a:2: a carriage return at byte 5" + ends);
  const std::string mark = "; leave it out: sed 's/\\xEF\\xBB\\xBF//g'";
  CHECK(error("\uFEFFeins\n\uFEFFzwei\n") == "a:2: a byte order mark (U+FEFF) at byte 1" + mark);
  CHECK(error("\uFEFFei\uFEFFns\n") == "a:1: a byte order mark (U+FEFF) at byte 6" + mark);
  const std::string last = "the Ctrl-Z with which DOS ended files at byte ";
  CHECK(error("eins\nzwei\n\x1A") == "a:3: " + last + "1; leave it out: tr -d '\\032'");
  CHECK(error("eins\nzwei\x1A\r\n") == "a:2: " + last + "5; leave it out: tr -d '\\032'");
  CHECK(error("ei\x1Ans\n") == "no error");
  CHECK(error("\xC0\xAF\n") == "a:1: invalid UTF-8 at byte 1");
  CHECK(error("\uFEFF\xED\xA0\x80\n") == "a:1: invalid UTF-8 at byte 4");
}

TEST_CASE("errors of reading name the file, the line and the reason") {
  const Folder folder;
  CHECK(error_of(folder, [&] { read_lines(folder.path("none")); }) ==
        "none: cannot read the file: No such file or directory");
  CHECK(error_of(folder, [&] { read_lines(folder.path("")); }) == ": cannot read the file: Is a directory");
  folder.write("data.de",
               "gut\nauch gut\nnicht \xFC"
               "ber\n");
  CHECK(error_of(folder, [&] { read_lines(folder.path("data.de")); }) == "data.de:3: invalid UTF-8 at byte 7");
}

TEST_CASE("parallel text pairs the lines and skips pairs with an empty side") {
  const Folder folder;
  const ParallelText text = read_parallel(folder.write("s", "a\n\nc\n \t\ne\n"), folder.write("t", "A\nB\n\n\nE\n"));
  CHECK(text.source == Lines{"a", "e"});
  CHECK(text.target == Lines{"A", "E"});
  CHECK(text.lines == std::vector<size_t>{1, 5});
  CHECK(text.skipped == 3);
}

TEST_CASE("parallel text must have as many lines on both sides") {
  const Folder folder;
  folder.write("s", "a\nb\nc\n");
  folder.write("t", "A\nB\n");
  CHECK(error_of(folder, [&] { read_parallel(folder.path("s"), folder.path("t")); }) ==
        "parallel text: s has 3 lines, t has 2; line n of one must translate line n of the other");
}

TEST_CASE("an atomic write replaces the file and keeps its permissions") {
  const Folder folder;
  const std::string path = folder.path("model");
  write_file_atomically(path, "first");
  CHECK(read_file(path) == "first");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  write_file_atomically(path, std::string(1'000'000, 'z'));
  CHECK(read_file(path) == std::string(1'000'000, 'z'));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(folder.files() == 1);
}

TEST_CASE("an atomic write replaces links and pipes, and follows none") {
  const Folder folder;
  const std::string path = folder.write("model", "old"), link = folder.path("link"), pipe = folder.path("pipe");
  std::filesystem::create_symlink("model", link);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::filesystem::create_symlink("/dev/full", folder.path("device"));
  for (const char* name : {"link", "pipe", "device"}) {
    write_file_atomically(folder.path(name), "new");
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(folder.path(name))));
    CHECK(read_file(folder.path(name)) == "new");
  }
  CHECK(read_file(path) == "old");
  REQUIRE(::chmod(path.c_str(), 06755) == 0);
  write_file_atomically(path, "new");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);  // nobody's program runs as somebody else
}

TEST_CASE("what a person names is written where links lead to, and into what is no file") {
  const Folder folder;
  const std::string path = folder.write("model", "old"), link = folder.path("link");
  std::filesystem::create_symlink("model", link);
  write_where_named(link, "new");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(path) == "new");
  std::filesystem::create_symlink("later", folder.path("early"));  // before the file that it leads to
  write_where_named(folder.path("early"), "new");
  CHECK(std::filesystem::is_symlink(folder.path("early")));
  CHECK(read_file(folder.path("later")) == "new");

  const std::string pipe = folder.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string received;
  std::thread reader([&] { received = read_file(pipe); });
  write_where_named(pipe, "through the pipe");
  reader.join();
  CHECK(received == "through the pipe");
  CHECK(std::filesystem::is_fifo(pipe));
  CHECK(error_of(folder, [] { write_where_named("/dev/full", "x"); }) ==
        "/dev/full: cannot write the file: No space left on device");
  CHECK(std::filesystem::is_character_file("/dev/full"));
  CHECK(folder.files() == 5);
}

TEST_CASE("lines come as they are there, in linear time, however few bytes come at once") {
  const Folder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string end(300'000, 'x');
  std::thread writer([&] {
    const int descriptor = ::open(pipe.c_str(), O_WRONLY);
    for (const std::string& piece : {std::string("a"), std::string("b\n\nc"), std::string("d\ne")})
      CHECK(::write(descriptor, piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()));
    for (const char letter : end) CHECK(::write(descriptor, &letter, 1) == 1);
    ::close(descriptor);
  });
  InputLines input(pipe);
  Lines all;
  for (Lines lines = input.next(); !lines.empty(); lines = input.next())
    all.insert(all.end(), lines.begin(), lines.end());
  writer.join();
  CHECK(all == Lines{"ab", "", "cd", "e" + end});

  InputLines wrong(folder.write("wrong", "good\nb\xff\n"));
  CHECK(wrong.next() == Lines{"good"});
  CHECK_THROWS_AS(wrong.next(), Error);
}

TEST_CASE("a failed atomic write leaves the old file and no temporary one") {
  const Folder folder;
  const std::string path = folder.write("model", "old");
  {
    const FileSizeLimit limit(1000);
    CHECK(error_of(folder, [&] { write_file_atomically(path, std::string(5000, 'x')); }) ==
          "model: cannot write the file: File too large");
  }
  CHECK(read_file(path) == "old");
  CHECK(folder.files() == 1);

  std::filesystem::create_directory(folder.path("folder"));
  CHECK(error_of(folder, [&] { write_file_atomically(folder.path("folder"), "x"); }) ==
        "folder: cannot write the file: Is a directory");
  CHECK(error_of(folder, [&] { write_file_atomically(folder.path("none/model"), "x"); }) ==
        "none/model: cannot write the file: No such file or directory");
  CHECK(folder.files() == 2);
}
