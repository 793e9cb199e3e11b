#include "examples/translate/data/parallel_files.h"

#include <vector>

#include "examples/translate/input/source_file.h"
#include "examples/translate/text/input_lines.h"

namespace gradus::translate {

namespace {

/// A file, line by line.
class LineReader {
 public:
  explicit LineReader(const SourceFile& file) : input_(file) {}

  /// Good until the next call; null at the end.
  const std::string* next() {
    if (at_ == lines_.size()) {
      lines_ = input_.next();
      at_ = 0;
    }
    if (lines_.empty()) return nullptr;
    ++count_;
    return &lines_[at_++];
  }
  size_t count() const { return count_; }

 private:
  InputLines input_;
  std::vector<std::string> lines_;
  size_t at_ = 0, count_ = 0;
};

/// Gives the lines of two files to the visitor, pair by pair.
void walk_files(const SourceFile& source, const SourceFile& target, const TextStream::Visitor& visit) {
  LineReader sources(source), targets(target);
  const std::string *a = sources.next(), *b = targets.next();
  for (; a != nullptr && b != nullptr; a = sources.next(), b = targets.next()) visit(*a, *b, sources.count());
  while (a != nullptr) a = sources.next();
  while (b != nullptr) b = targets.next();
  require_equal_lengths("parallel text", source.name(), sources.count(), target.name(), targets.count());
}

}

TextStream stream_parallel(const std::string& source_path, const std::string& target_path) {
  const SourceFile source(source_path), target(target_path);
  return TextStream([source, target](const TextStream::Visitor& visit) { walk_files(source, target, visit); });
}

}
