#include "examples/translate/input/source_file.h"

#include <sys/stat.h>

#include <filesystem>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

bool is_stream(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  return path == kStdin || (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored));
}

}

SourceFile::SourceFile(const std::string& path) : name_(input_name(path)), path_(path) {
  if (is_stream(path)) {
    const auto copy = std::make_shared<UnnamedFile>();
    InputFile file(path);
    for (std::string bytes; file.read_more(bytes); bytes.clear()) copy->write(bytes);
    copy_ = copy;
    path_ = copy->path();
  }
  version_ = version_of(path_);
}

SourceFile::Version SourceFile::version_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};  // to open it says why
  return {.device = status.st_dev,
          .number = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .seconds = status.st_mtim.tv_sec,
          .nanoseconds = status.st_mtim.tv_nsec};
}

const std::string& SourceFile::current_path() const {
  if (version_of(path_) != version_) fail("{}: the file was changed while it was read", name_);
  return path_;
}

}
