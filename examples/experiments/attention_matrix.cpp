#include "examples/experiments/experiments.h"
#include "examples/translate/base/number.h"

namespace gradus::translate {

namespace {

/// What the models of a column have in common.
struct Column {
  ScopeKind scope;
  AttendWhen attend;
  bool feeding;

  std::string name(const std::string& separator) const {
    std::string name = name_of(scope);
    if (attend == AttendWhen::Before) name += separator + name_of(attend);
    if (feeding) name += separator + "feeding";
    return name;
  }
};

std::vector<Column> columns(const AttentionChoice& choice) {
  std::vector<Column> result;
  for (const ScopeKind scope : choice.scopes) {
    for (const AttendWhen attend : choice.attend) {
      for (const bool feeding : {false, true}) result.push_back({scope, attend, feeding});
    }
  }
  return result;
}

Variant variant(ScoreKind score, const Column& column) {
  return {fmt::format("{}-{}", name_of(score), column.name("-")),
          fmt::format(R"({{"attention": "luong", "score": "{}", "scope": "{}", "attend": "{}", "input_feeding": {},
                          "fixed_context": false}})",
                      name_of(score), name_of(column.scope), name_of(column.attend), column.feeding)};
}

Matrix::Cell cell(const Scores& scores) {
  const std::string perplexity = "ppl " + readable(scores.perplexity, 2);
  if (scores.alignment_error) {
    return {
        scores.bleu,
        {fmt::format("{:.2f} BLEU", scores.bleu), fmt::format("{}, AER {:.2f}", perplexity, *scores.alignment_error)}};
  }
  return {scores.bleu, {fmt::format("{:.2f} → {:.2f} BLEU", scores.bleu, scores.bleu_replaced), perplexity}};
}

}

Matrix attention_matrix(Experiment& experiment, const AttentionChoice& choice) {
  Matrix matrix{.title = "Attention: score (rows) and scope (columns)",
                .row_head = "score",
                .rows = {},
                .columns = {},
                .cells = {}};
  const std::vector<Column> all = columns(choice);
  for (const Column& column : all) matrix.columns.push_back(column.name(", "));
  std::vector<Variant> variants;  // row by row
  for (const ScoreKind score : choice.scores) {
    matrix.rows.emplace_back(name_of(score));
    for (const Column& column : all) variants.push_back(variant(score, column));
  }
  experiment.check(variants);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (i % all.size() == 0) matrix.cells.emplace_back();
    experiment.train(variants[i]);
    matrix.cells.back().push_back(cell(experiment.score(variants[i].name)));
  }
  return matrix;
}

}
