#include "examples/translate/translator/new_model.h"

#include <filesystem>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/translator/model_files.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/regular_file.h"

namespace gradus::translate {

namespace fs = std::filesystem;

namespace {

fs::path whole(const std::string& directory) { return fs::path(directory) / ".next-model"; }
fs::path part(const std::string& directory) { return fs::path(directory) / ".next-model.part"; }

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) fail("{}: cannot rename it to {}: {}", from.string(), to.string(), error.message());
}

void remove_with_contents(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) fail("{}: cannot remove it: {}", path.string(), error.message());
}

/// Gives a file a second name, or on a file system where it can have but one, a copy.
void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error) write_file_atomically(to.string(), read_regular_file(from.string()));
}

/// Moves a whole model into its place. It may be done again from any point on.
void move_into_place(const std::string& directory) {
  for (const std::string& file : model_files(directory)) remove_file(file);
  for (const std::string& name : names_in(whole(directory).string())) {
    link_or_copy(whole(directory) / name, fs::path(directory) / name);
  }
  flush_folder(directory);
  move(whole(directory), part(directory));
  flush_folder(directory);
  remove_with_contents(part(directory));
}

/// Finishes what a program left that was killed in the middle of its work.
void finish_writing(const std::string& directory) {
  if (place_of_model(directory) != directory) move_into_place(directory);
  remove_with_contents(part(directory));
  remove_temporary_files(directory);
}

}

NewModel::NewModel(const std::string& directory) : directory_(directory), path_(part(directory).string()) {
  make_folder(directory);
  finish_writing(directory);
  make_folder(path_);
}

NewModel::~NewModel() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove(directory_, ignored);
}

void NewModel::commit() {
  flush_folder(path_);
  move(path_, whole(directory_));
  committed_ = true;
  flush_folder(directory_);
  move_into_place(directory_);
}

std::string place_of_model(const std::string& directory) {
  std::error_code ignored;
  return fs::is_directory(whole(directory), ignored) ? whole(directory).string() : directory;
}

FolderLock lock_model(const char* command, const std::string& directory) {
  make_folder(directory);
  FolderLock lock(command, directory, "wait for its end, or name another folder");
  finish_writing(directory);
  return lock;
}

}
