#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/data/parallel_files.h"
#include "examples/translate/text/language.h"
#include "nn/storage/atomic_file.h"
#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

ParallelText all_of(const TextStream& stream) {
  ParallelText text;
  stream.for_each([&](std::string_view source, std::string_view target, std::size_t line) {
    text.add(std::string(source), std::string(target), line);
  });
  return text;
}

struct TwoFiles {
  TwoFiles(const std::string& a, const std::string& b) {
    write_file_atomically(source, a);
    write_file_atomically(target, b);
  }
  TextStream stream() const { return stream_parallel(source, target); }

  TemporaryFolder folder;
  std::string source = folder.file("a"), target = folder.file("b");
};

}

TEST_CASE("a stream gives the pairs of two files as often as one asks") {
  const TwoFiles files(
      "\xEF\xBB\xBF"
      "eins\r\n\nzwei\n \t\ndrei",
      "one\ntwo\nthree\nfour\nfive\n");
  const TextStream stream = files.stream();
  const ParallelText text = read_parallel(files.source, files.target);
  CHECK(stream.size() == 3);
  CHECK(stream.skipped() == 2);
  for (int again = 0; again < 3; ++again) {
    const ParallelText found = all_of(stream);
    CHECK(found.source == text.source);
    CHECK(found.target == text.target);
    CHECK(found.lines == std::vector<std::size_t>{1, 3, 5});
  }
  const TextStream held(text);
  CHECK(all_of(held).target == text.target);
  CHECK(held.skipped() == 2);
}

TEST_CASE("the hash of a stream tells of every byte and line") {
  const std::uint64_t hash = TwoFiles("ab\nc\n", "x\ny\n").stream().hash();
  CHECK(hash == TwoFiles("ab\r\nc", "x\ny\n").stream().hash());
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{{"a\nbc\n", "x\ny\n"},
                                                                             {"ab\nd\n", "x\ny\n"},
                                                                             {"ab\nc\n", "y\nx\n"},
                                                                             {"x\ny\n", "ab\nc\n"},
                                                                             {"ab\nc\n\n", "x\ny\n\n"}}) {
    CHECK(hash != TwoFiles(a, b).stream().hash());
  }
}

TEST_CASE("a stream is refused as a text in memory is, and when its file changes") {
  const auto refusal = [](const std::string& a, const std::string& b) {
    const TwoFiles files(a, b);
    const std::string message = complaint([&] { files.stream(); });
    CHECK(message == complaint([&] { read_parallel(files.source, files.target); }));
    return message;
  };
  CHECK(refusal("a\nb\n", "a\n").find("a has 2 lines, ") != std::string::npos);
  CHECK(refusal("a\n", "a\nb\nc\n").find("b has 3; ") != std::string::npos);
  CHECK(refusal("a\nb\xff\n", "a\nb\n").ends_with("a:2: invalid UTF-8 at byte 2"));
  CHECK(complaint([] { stream_parallel("none/a", "none/b"); }) ==
        "none/a: cannot read the file: No such file or directory");
  CHECK(complaint([] { stream_parallel(".", "none/b"); }) == ".: cannot read the file: Is a directory");

  const TwoFiles files("a\n", "b\n");
  const TextStream stream = files.stream();
  write_file_atomically(files.target, "c\n");
  CHECK(complaint([&] { all_of(stream); }) == files.target + ": the file was changed while it was read");
}

TEST_CASE("what comes through a pipe is kept, in no file that has a name") {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  write_file_atomically(folder.file("b"), "one\ntwo\n");
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  std::thread writer([&] { std::ofstream(pipe) << "eins\nzwei\n"; });
  const TextStream stream = stream_parallel(pipe, folder.file("b"));
  writer.join();
  ::unsetenv("TMPDIR");
  for (int again = 0; again < 2; ++again) CHECK(all_of(stream).source == std::vector<std::string>{"eins", "zwei"});
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);

  ::setenv("TMPDIR", "/none", 1);
  CHECK(complaint([] { UnnamedFile(); }).starts_with("TMPDIR: cannot make a temporary file"));
  ::unsetenv("TMPDIR");
}

TEST_CASE("subwords of a long text are learned from a sample that is always the same") {
  const std::size_t pairs = kSubwordLines / 2 + 1000;
  std::size_t given = 0;
  const TextStream::Walk walk = [&](const TextStream::Visitor& visit) {
    for (std::size_t i = 0; i < pairs; ++i, ++given)
      visit(fmt::format("w{}", i % 97), fmt::format("v{}", i % 89), i + 1);
  };
  const LanguageOptions options{.tokenizer = TokenizerKind::Bpe, .vocabulary_size = 300, .joint = true};
  const std::string model = learn_languages(TextStream(walk, pairs, 0, 0), options).source.model;
  CHECK(given == 2 * pairs);
  CHECK(learn_languages(TextStream(walk, pairs, 0, 0), options).source.model == model);
}
