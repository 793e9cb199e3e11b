#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "examples/translate/options/command.h"
#include "examples/translate/options/write_output.h"

namespace gradus::translate {

/// A kind of file, by the end of its name.
enum class FileKind { Svg, Png, Page };
template <>
inline constexpr std::array kChoices<FileKind>{".svg", ".png", ".html"};

/// A file that a command makes. Its path may also be `-`, standard output, or a device or pipe.
///
/// Whatever is at the path already is replaced only if nothing is lost with it: an empty file, or a page, picture or
/// table that says Gradus made it.
struct OutputFile {
  std::string path;    ///< empty: none is wanted
  bool force = false;  ///< replace any file
  bool own = false;    ///< the path is the program's own, in a folder of anybody's: a link there is not followed

  /// Its two options, `names` and `--force`.
  Options options(const char* names, const char* help);

  bool is_wanted() const { return !path.empty(); }
  bool is_stdout() const;

  /// Throws Error, which begins with the command's name, if the file cannot be written, or must not be replaced; to be
  /// called before the work begins.
  void require_writable(const char* command) const;
  /// Which of these kinds the name asks for; the first one if there is none, or that of a device or pipe. Throws
  /// UsageError for any other name, and Error for one that this build cannot write.
  FileKind kind(const char* command, std::initializer_list<FileKind> kinds) const;

  /// Writes the file, whole or not at all.
  void write(std::string_view bytes) const;
  /// Writes a picture, given as SVG, as the kind that the name asks for.
  void write_picture(FileKind kind, std::string_view svg) const;
  /// What the command says besides: goes to standard output, or to standard error if the file is there.
  void tell(const std::string& text) const { tell(text, write_output); }
  /// The same of text with colours (options/write_output.h).
  void tell_coloured(const std::string& text) const { tell(text, write_coloured); }
  /// `page written to FILE`, or nothing of standard output.
  std::string written(const char* what) const;

 private:
  void tell(const std::string& text, void (*write)(std::string_view)) const;
};

/// The argument and the option that `make_empty_folder` is for.
Options empty_folder_options(std::string& folder, bool& force);
/// Makes the folder if it is not there. Throws Error, which begins with the command's name, if it is not empty, unless
/// `force` says that what is in it may be replaced.
void make_empty_folder(const char* command, const std::string& folder, bool force);

/// Throws as `kind` and `require_writable` unless the file is none, or a page that can be written.
void require_page(const char* command, const OutputFile& out);

}
