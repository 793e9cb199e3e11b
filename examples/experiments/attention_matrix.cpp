#include "examples/experiments/experiments.h"

namespace gradus::translate {

namespace {

Variant variant(ScoreKind score, ScopeKind scope, bool feeding) {
  return {fmt::format("{}-{}{}", name_of(score), name_of(scope), feeding ? "-feeding" : ""),
          fmt::format(
              R"({{"attention": "luong", "score": "{}", "scope": "{}", "input_feeding": {}, "fixed_context": false}})",
              name_of(score), name_of(scope), feeding)};
}

Matrix::Cell cell(const Scores& scores) {
  const std::string perplexity = fmt::format("ppl {:.2f}", scores.perplexity);
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
  for (const ScopeKind scope : choice.scopes) {
    for (const bool feeding : {false, true}) {
      matrix.columns.push_back(std::string(name_of(scope)) + (feeding ? ", feeding" : ""));
    }
  }
  std::vector<Variant> variants;  // row by row
  for (const ScoreKind score : choice.scores) {
    matrix.rows.emplace_back(name_of(score));
    for (const ScopeKind scope : choice.scopes) {
      for (const bool feeding : {false, true}) variants.push_back(variant(score, scope, feeding));
    }
  }
  experiment.check(variants);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (i % matrix.columns.size() == 0) matrix.cells.emplace_back();
    experiment.train(variants[i]);
    matrix.cells.back().push_back(cell(experiment.score(variants[i].name)));
  }
  return matrix;
}

}
