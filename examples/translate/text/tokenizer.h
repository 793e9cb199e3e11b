#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// Cuts a line into pieces and puts pieces together again. `join(split(line))` is the line with one space between each
/// two words. No piece holds white space. Both take any text; several threads may call them at once.
class TextTokenizer {
 public:
  virtual ~TextTokenizer() = default;
  /// The pieces of a line; none if it holds only white space.
  virtual std::vector<std::string> split(std::string_view line) const = 0;
  /// The line of these pieces, which a model may have put in any order.
  virtual std::string join(const std::vector<std::string>& pieces) const = 0;
  /// Whether a further piece may change the last word of what is joined, but none before it.
  virtual bool goes_on() const { return true; }
};

class WhitespaceTokenizer : public TextTokenizer {
 public:
  std::vector<std::string> split(std::string_view line) const override;
  std::string join(const std::vector<std::string>& pieces) const override;
  bool goes_on() const override { return false; }
};

}
