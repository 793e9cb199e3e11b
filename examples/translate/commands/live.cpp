#include "examples/translate/commands/live.h"

#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string_view>

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/text.h"
#include "examples/translate/translator/live_translation.h"

namespace gradus::translate {

namespace {

/// While it lives, the terminal at standard input hands over each word, no longer to be edited once a blank follows,
/// and not only each line. However the program ends, the terminal is as before.
class WordwiseTerminal {
 public:
  WordwiseTerminal() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios now = before_;
    now.c_cc[VEOL] = ' ';
    ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
    struct sigaction action {};
    action.sa_handler = end;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  }
  ~WordwiseTerminal() { ::tcsetattr(STDIN_FILENO, TCSANOW, &before_); }
  WordwiseTerminal(const WordwiseTerminal&) = delete;
  WordwiseTerminal& operator=(const WordwiseTerminal&) = delete;

 private:
  static void end(int signal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    ::raise(signal);
  }
  static inline termios before_;
};

/// The lines of a text, as their words come.
class LiveLines {
 public:
  LiveLines(std::string name, bool interactive, Translator& translator, const SearchOptions& options,
            FunctionRef<void(const std::string&)> write)
      : name_(std::move(name)), interactive_(interactive), translator_(translator), options_(options), write_(write) {
    begin_line();
  }

  void take(std::string_view bytes) {
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      line_ += bytes.substr(0, end);
      end_line();
      begin_line();
    }
    line_ += bytes;
    take_words();
  }
  void finish() {
    if (!line_.empty()) end_line();
  }

 private:
  void begin_line() {
    line_.clear();
    ++number_;
    read_ = 0;
    translation_.emplace(translator_, options_);
    if (interactive_) fmt::print(stderr, "> ");
  }

  /// The words of the line that are whole by now, unless its translation has come to an end without them.
  void take_words() {
    const std::size_t blank = line_.find_last_of(" \t");
    if (blank == std::string::npos || translation_->ended()) return;
    const std::string_view text = clean_line(std::string_view(line_).substr(0, blank), number_, name_);
    if (text.size() <= read_) return;
    show(translation_->read(std::string(text.substr(read_)) + ' '), true);
    read_ = text.size();
  }

  void end_line() {
    const std::string_view text = clean_line(line_, number_, name_);
    std::string rest = translation_->read(text.substr(read_));
    rest += translation_->finish();
    show(interactive_ ? rest : rest + '\n', false);
  }

  /// Writes words of the translation; on a terminal, on lines of their own, the first of which may be begun.
  void show(const std::string& words, bool line_is_begun) {
    if (words.empty()) return;
    const std::string own = words.substr(words.starts_with(' ') ? 1 : 0);
    write_(interactive_ ? (line_is_begun ? "\n" : "") + own + '\n' : words);
  }

  std::string name_;
  bool interactive_;
  Translator& translator_;
  const SearchOptions& options_;
  FunctionRef<void(const std::string&)> write_;
  std::string line_;        // as far as it has come
  std::size_t number_ = 0;  // of the line, from 1
  std::size_t read_ = 0;    // bytes of its clean text that the translation has
  std::optional<LiveTranslation> translation_;
};

}

void translate_live(const std::string& path, Translator& translator, const SearchOptions& options,
                    FunctionRef<void(const std::string&)> write) {
  InputFile input(path);
  const bool interactive = path == kStdin && ::isatty(STDIN_FILENO) != 0;
  std::optional<WordwiseTerminal> terminal;
  if (interactive) terminal.emplace();
  LiveLines lines(input.name(), interactive, translator, options, write);
  for (std::string bytes; input.read_more(bytes); bytes.clear()) lines.take(bytes);
  lines.finish();
  if (interactive) fmt::print(stderr, "\n");
}

}
