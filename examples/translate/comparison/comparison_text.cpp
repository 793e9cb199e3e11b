#include "examples/translate/comparison/comparison_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "examples/translate/comparison/differing_words.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr size_t kLabel = 13;         // columns before a text: `  reference  `, `  A  100.00  `
constexpr size_t kLeastColumns = 20;  // of a text, however narrow the terminal is

/// A text of words in lines of at most so many columns, below each other, behind a label.
class Paragraph {
 public:
  Paragraph(const std::string& label, const ComparisonLayout& layout)
      : text_("  " + label + std::string(kLabel - 2 - std::min(display_width(label), kLabel - 2), ' ')),
        columns_(std::max(layout.width, kLabel + kLeastColumns) - kLabel),
        marks_(layout.marks) {}

  /// A word that is longer than a line is broken, as text without spaces must be.
  void add(const MarkedWord& word) {
    const size_t width = display_width(word.text);
    if (used_ > 0 && used_ + 1 + width > columns_) {
      break_line();
    } else if (used_ > 0) {
      text_ += ' ';
      ++used_;
    }
    if (marks_ && word.differs) text_ += "\x1b[1;33m";
    for (const std::string& character : visible_characters(word.text)) {
      const size_t wide = display_width(character);
      if (used_ + wide > columns_) break_line();
      text_ += character;
      used_ += wide;
    }
    if (marks_ && word.differs) text_ += "\x1b[0m";
  }
  void add(const std::string& line) {
    for (const std::string_view word : split_words(line)) add(MarkedWord{std::string(word)});
  }
  std::string str() const { return std::string(without_trailing_space(text_)) + '\n'; }

 private:
  void break_line() {
    text_ += '\n' + std::string(kLabel, ' ');
    used_ = 0;
  }

  std::string text_;
  size_t columns_, used_ = 0;
  bool marks_;
};

std::string paragraph(const std::string& label, const std::string& line, const ComparisonLayout& layout) {
  Paragraph text(label, layout);
  text.add(line);
  return text.str();
}

/// Pieces in lines of at most so many columns, with separators between them, of which spaces end no line.
std::string folded(const std::vector<std::string>& pieces, char separator, size_t width, const std::string& indent) {
  std::string text = indent;
  size_t used = indent.size();
  for (const std::string& piece : pieces) {
    const size_t wide = display_width(piece);
    const bool fits = used + 1 + wide < width;  // with a separator before it, and one behind it
    if (&piece != &pieces.front()) {
      if (fits || separator != ' ') text += separator;
      if (fits) ++used;
      if (!fits) {
        text += '\n' + indent;
        used = indent.size();
      }
    }
    text += piece;
    used += wide;
  }
  return text + '\n';
}

/// A sentence in such lines.
std::string folded(const std::string& line, const ComparisonLayout& layout, const std::string& indent = "") {
  const std::vector<std::string_view> words = split_words(line);
  return folded({words.begin(), words.end()}, ' ', layout.width, indent);
}

std::string folded_signature(const std::string& signature, const ComparisonLayout& layout) {
  std::vector<std::string> fields;
  for (size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = signature.find('|', begin);
    fields.push_back(signature.substr(begin, end - begin));
  }
  return folded(fields, '|', layout.width, "  ");
}

std::string scores(const MetricReport& report, const ComparisonLayout& layout) {
  std::string text = report.metric + "\n" + score_rows(report) + folded_signature(report.signature, layout);
  for (const std::string& verdict : verdicts(report)) text += folded(verdict, layout, "  ");
  return text + '\n';
}

std::string sentence_text(const Comparison& comparison, const ComparedSentence& sentence,
                          const ComparisonLayout& layout) {
  const size_t i = sentence.index;
  std::string text = fmt::format("\nline {}\n", comparison.test.text.lines[i]);
  text += paragraph("source", comparison.test.text.source[i], layout);
  for (const std::string& reference : comparison.test.references[i]) text += paragraph("reference", reference, layout);
  std::vector<std::string> translations;
  for (const ComparedSystem& system : comparison.systems) translations.push_back(system.translations[i]);
  const auto marked = mark_differing_words(translations);
  for (size_t s = 0; s < marked.size(); ++s) {
    Paragraph translation(fmt::format("{} {:7.2f}", letter_of(s), sentence.scores[s]), layout);
    for (const MarkedWord& word : marked[s]) translation.add(word);
    text += translation.str();
  }
  return text;
}

}

std::string comparison_text(const Comparison& comparison, const ComparisonLayout& layout) {
  std::string text;
  for (size_t i = 0; i < comparison.systems.size(); ++i)
    text += fmt::format("{}  {}\n", letter_of(i), comparison.systems[i].name);
  text += '\n';
  for (const MetricReport& report : comparison.reports) text += scores(report, layout);
  const std::string perplexity = perplexities(comparison);
  if (!perplexity.empty()) text += folded(perplexity, layout) + '\n';
  text += folded(tally(comparison), layout);
  if (comparison.sentences.empty()) return text;
  text += folded(fmt::format("Where {} differs most:", comparison.sentence_metric), layout);
  for (const ComparedSentence& sentence : comparison.sentences) text += sentence_text(comparison, sentence, layout);
  return text;
}

}
