#include "examples/translate/comparison/comparison_page.h"

#include <fmt/core.h>

#include "autograd/inspect/pages/page.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/comparison/differing_words.h"
#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

std::string table_row(const std::string& head, const std::string& markup) {
  return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", escape_markup(head), markup);
}

std::string paragraph(const std::string& text) { return fmt::format("<p>{}</p>\n", escape_markup(text)); }

std::string scores(const MetricReport& report) {
  std::string html = fmt::format("<p><b>{}</b></p>\n<table>\n", escape_markup(report.metric));
  for (const SystemScore& system : report.systems) {
    std::string score = fmt::format("{:.2f}", system.score);
    if (system.interval) score += fmt::format(" ({:.2f} to {:.2f})", system.interval->low, system.interval->high);
    html += table_row(system.system, score);
  }
  html += "</table>\n";
  for (const std::string& verdict : verdicts(report)) html += paragraph(verdict);
  return html + fmt::format("<p class=\"soft\">{}</p>\n", escape_markup(report.signature));
}

std::string words_of(const std::vector<MarkedWord>& words) {
  std::vector<std::string> markup;
  for (const MarkedWord& word : words) {
    const std::string text = escape_markup(word.text);
    markup.push_back(word.differs ? fmt::format("<b class=\"grad\">{}</b>", text) : text);
  }
  return join_words(markup);
}

std::string sentence_table(const Comparison& comparison, const ComparedSentence& sentence) {
  const size_t i = sentence.index;
  std::string html = "<table class=\"sample\">\n";
  html +=
      table_row(fmt::format("line {}", comparison.test.text.lines[i]), escape_markup(comparison.test.text.source[i]));
  for (const std::string& reference : comparison.test.references[i]) {
    html += fmt::format("<tr class=\"reference\"><th>reference</th><td>{}</td></tr>\n", escape_markup(reference));
  }
  std::vector<std::string> translations;
  for (const ComparedSystem& system : comparison.systems) translations.push_back(system.translations[i]);
  const auto marked = mark_differing_words(translations);
  for (size_t s = 0; s < marked.size(); ++s)
    html += table_row(fmt::format("{} {:.2f}", letter_of(s), sentence.scores[s]), words_of(marked[s]));
  return html + "</table>\n";
}

}

std::string comparison_page(const Comparison& comparison) {
  std::vector<std::string> names;
  std::string systems;
  for (size_t i = 0; i < comparison.systems.size(); ++i) {
    names.push_back(comparison.systems[i].name);
    systems += table_row(letter_of(i), escape_markup(comparison.systems[i].name));
  }
  const std::string title = join_words(names, " and ") + ", compared";
  std::string html = fmt::format("<h1>{}</h1>\n<table>\n{}</table>\n<h2>Scores</h2>\n", escape_markup(title), systems);
  for (const MetricReport& report : comparison.reports) html += scores(report);
  const std::string perplexity = perplexities(comparison);
  if (!perplexity.empty()) html += paragraph(perplexity);
  html += "<h2>Sentences</h2>\n" + paragraph(tally(comparison));
  if (!comparison.sentences.empty())
    html += paragraph(fmt::format("Where {} differs most:", comparison.sentence_metric));
  for (const ComparedSentence& sentence : comparison.sentences) html += sentence_table(comparison, sentence);
  return document(title, html);
}

}
