#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "autograd/error.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/folder_lock.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;

namespace {

std::string left_behind(const std::string& path) { return path + std::string(kTemporarySuffix); }

}

TEST_CASE("atomic file: what a killed writer left is taken over by the next one, or removed") {
  const TemporaryFolder folder;
  const std::string path = folder.file("file"), left = left_behind(path);
  std::ofstream(left) << std::string(10'000, 'x');
  write_file_atomically(path, "text");
  CHECK(contents(path) == "text");
  CHECK_FALSE(std::filesystem::exists(left));

  std::ofstream(left) << "half";
  std::filesystem::permissions(left, std::filesystem::perms::owner_read);
  write_file_atomically(path, "again");
  CHECK(contents(path) == "again");
  std::ofstream(left) << "half";
  remove_temporary(path);
  CHECK_FALSE(std::filesystem::exists(left));
  remove_temporary(path);
  CHECK(contents(path) == "again");
}

TEST_CASE("atomic file: what else has the name of the temporary file is replaced, and nothing written into it") {
  const TemporaryFolder folder;
  const std::string path = folder.file("file"), left = left_behind(path), precious = folder.file("precious");
  std::ofstream(precious) << "mine";
  std::filesystem::create_symlink(precious, left);
  write_file_atomically(path, "one");
  std::filesystem::create_hard_link(precious, left);
  write_file_atomically(path, "two");
  CHECK(contents(precious) == "mine");
  REQUIRE(::mkfifo(left.c_str(), 0600) == 0);
  write_file_atomically(path, "three");
  CHECK(contents(path) == "three");
  CHECK_FALSE(std::filesystem::exists(left));
  std::filesystem::create_directory(left);
  CHECK_THROWS_AS(write_file_atomically(path, "four"), Error);
  CHECK(contents(path) == "three");
}

TEST_CASE("atomic file: of many writers at once each text is whole, and the last one stays") {
  const TemporaryFolder folder;
  const std::string path = folder.file("file");
  std::vector<std::thread> writers;
  for (char letter = 'a'; letter < 'g'; ++letter) {
    writers.emplace_back([&path, letter] {
      for (int i = 0; i < 20; ++i) write_file_atomically(path, std::string(50'000, letter));
    });
  }
  for (int i = 0; i < 50; ++i) {
    const std::string text = contents(path);
    if (!text.empty()) CHECK(text == std::string(50'000, text[0]));
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(contents(path).size() == 50'000);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("folder lock: one holds it at a time, and it ends with its process") {
  const TemporaryFolder folder;
  const std::string message = "train: " + folder.path() + ": another process is writing this folder; wait";
  std::optional<FolderLock> lock;
  lock.emplace("train", folder.path(), "wait");
  CHECK_THROWS_WITH_AS(FolderLock("train", folder.path(), "wait"), message.c_str(), Error);
  lock.reset();
  CHECK_NOTHROW(FolderLock("train", folder.path(), "wait"));

  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock held("train", folder.path(), "wait");
    [[maybe_unused]] const auto written = ::write(ready[1], "", 1);
    ::pause();
  }
  char signal;
  REQUIRE(::read(ready[0], &signal, 1) == 1);
  CHECK_THROWS_AS(FolderLock("train", folder.path(), "wait"), Error);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(FolderLock("train", folder.path(), "wait"));
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK_THROWS_AS(FolderLock("train", folder.file("none"), "wait"), Error);
}
