#include "examples/experiments/experiments.h"

namespace gradus::translate {

namespace {

Variant variant(ScoreKind score, ScopeKind scope, bool feeding) {
  return {fmt::format("{}-{}{}", name_of(score), name_of(scope), feeding ? "-feeding" : ""),
          fmt::format(R"({{"attention": "luong", "score": "{}", "scope": "{}", "input_feeding": {}}})", name_of(score),
                      name_of(scope), feeding)};
}

Matrix::Cell cell(const Scores& scores) {
  Matrix::Cell cell{.shade = scores.bleu / 100,
                    .lines = {fmt::format("{:.2f} BLEU", scores.bleu), fmt::format("ppl {:.3g}", scores.perplexity)}};
  if (scores.alignment_error) cell.lines.back() += fmt::format(", AER {:.2f}", *scores.alignment_error);
  return cell;
}

}

Matrix attention_matrix(Experiment& experiment, const AttentionChoice& choice) {
  Matrix matrix{.title = "Attention: score (rows) and scope (columns)",
                .row_head = "score",
                .rows = {},
                .columns = {},
                .cells = {}};
  for (const ScopeKind scope : choice.scopes) {
    for (const bool feeding : {false, true}) {
      matrix.columns.push_back(std::string(name_of(scope)) + (feeding ? ", feeding" : ""));
    }
  }
  for (const ScoreKind score : choice.scores) {
    matrix.rows.emplace_back(name_of(score));
    std::vector<Matrix::Cell>& row = matrix.cells.emplace_back();
    for (const ScopeKind scope : choice.scopes) {
      for (const bool feeding : {false, true}) {
        const Variant chosen = variant(score, scope, feeding);
        experiment.train(chosen);
        row.push_back(cell(experiment.score(chosen.name)));
      }
    }
  }
  return matrix;
}

}
