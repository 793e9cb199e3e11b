#include "examples/translate/comparison/comparison_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "examples/translate/base/join_words.h"
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

/// A sentence in lines, each behind the indent and with a column free at its end.
std::string folded(const std::string& sentence, const ComparisonLayout& layout, const std::string& indent = "") {
  const size_t around = indent.size() + 1;
  std::string text;
  for (const std::string& line : wrapped(sentence, std::max(layout.width, around + 1) - around))
    text += indent + line + '\n';
  return text;
}

/// The fields of a signature in such lines, which may end with the sign between two fields.
std::string folded_signature(const std::string& signature, const ComparisonLayout& layout) {
  const std::string indent = "  ";
  std::string text, line = indent;
  for (const std::string& field : split_at('|', signature)) {
    const bool is_first = line.size() == indent.size();
    if (!is_first && display_width(line) + 1 + display_width(field) >= layout.width) {
      text += line + "|\n";
      line = indent;
    } else if (!is_first) {
      line += '|';
    }
    line += field;
  }
  return text + line + '\n';
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
