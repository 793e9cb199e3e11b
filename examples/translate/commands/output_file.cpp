#include "examples/translate/commands/output_file.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "autograd/error.h"
#include "autograd/inspect/pages/page.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/report/markup.h"
#include "examples/translate/report/png.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace fs = std::filesystem;

namespace {

/// Whether nothing is lost with the file: Gradus made it and could do so again, or it is empty.
bool is_replaceable(const std::string& path) {
  constexpr std::size_t kHead = 1024;
  std::string head(kHead, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  head.resize(static_cast<std::size_t>(file.read(head.data(), kHead).gcount()));
  const std::array marks{kPageMark, kSvgMark, kPngMark, kMarkdownMark};
  return head.empty() || std::ranges::any_of(marks, [&](auto mark) { return head.find(mark) != std::string::npos; });
}

}

Options OutputFile::options(const char* names, const char* help) {
  return {{.names = names, .target = &path, .type = "FILE", .help = help},
          {.names = "--force", .target = &force, .help = "Replace a file that is there already, whatever it is"}};
}

bool OutputFile::is_stdout() const {
  if (own) return false;
  struct stat file {
  }, output{};
  return path == "-" || (::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &output) == 0 &&
                         file.st_dev == output.st_dev && file.st_ino == output.st_ino);
}

void OutputFile::require_writable(const char* command) const {
  if (!is_wanted() || is_stdout()) return;
  std::error_code ignored;
  const fs::file_status status = own ? fs::symlink_status(path, ignored) : fs::status(path, ignored);
  if (fs::is_directory(status) || path.ends_with('/'))
    fail("{}: {} is a folder; need the name of a file", command, path);
  if (fs::is_regular_file(status) && !force && !is_replaceable(path))
    fail("{}: {} is there already; --force replaces it", command, path);
  if (fs::exists(status)) return;
  const fs::path parent = fs::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (!fs::is_directory(folder, ignored)) fail("{}: {}: there is no folder {}; make it first", command, path, folder);
  if (::access(folder.c_str(), W_OK) != 0)
    fail("{}: {}: cannot write into the folder: {}", command, path, std::generic_category().message(errno));
}

FileKind OutputFile::kind(const char* command, std::initializer_list<FileKind> kinds) const {
  std::error_code ignored;
  const bool is_named = is_wanted() && !is_stdout() && !fs::is_other(fs::status(path, ignored));
  if (!is_named) return *kinds.begin();
  const std::string name = lower_case(path);
  const auto* const kind =
      std::ranges::find_if(kinds, [&](FileKind candidate) { return name.ends_with(name_of(candidate)); });
  if (kind == kinds.end()) {
    std::vector<std::string> names;
    for (const FileKind candidate : kinds) names.emplace_back(name_of(candidate));
    throw UsageError(
        fmt::format("{}: {}: need the name of a file that ends with {}", command, path, join_alternatives(names)));
  }
  if (*kind == FileKind::Png && !has_png())
    fail(
        "{}: {}: gradus was built without librsvg, which draws PNG pictures; install librsvg2-dev and build it anew, "
        "or write .svg",
        command, path);
  return *kind;
}

void OutputFile::write(std::string_view bytes) const {
  if (is_stdout()) {
    write_output(bytes);
  } else if (own) {
    write_file_atomically(path, bytes);
  } else {
    write_where_named(path, bytes);
  }
}

void OutputFile::write_picture(FileKind kind, std::string_view svg) const {
  write(kind == FileKind::Png ? png_of(svg) : svg);
}

void OutputFile::tell(const std::string& text, void (*write)(std::string_view)) const {
  if (is_wanted() && is_stdout()) {
    fmt::print(stderr, "{}", visible(text, "\n\t"));
  } else {
    write(text);
  }
}

std::string OutputFile::written(const char* what) const {
  return is_stdout() ? "" : fmt::format("{} written to {}\n", what, path);
}

Options empty_folder_options(std::string& folder, bool& force) {
  return {
      {.names = "folder", .target = &folder, .type = "DIR", .help = "An empty folder, or a new one", .required = true},
      {.names = "--force",
       .target = &force,
       .help = "Write into a folder that is not empty, and replace files of the same names"}};
}

void make_empty_folder(const char* command, const std::string& folder, bool force) {
  make_folder(folder);
  std::error_code ignored;
  if (!force && !fs::is_empty(folder, ignored))
    fail("{}: the folder {} is not empty; need an empty one or a new one, or --force", command, folder);
}

void require_page(const char* command, const OutputFile& out) {
  if (!out.is_wanted()) return;
  out.kind(command, {FileKind::Page});
  out.require_writable(command);
}

}
