#include "examples/experiments/experiments.h"

namespace gradus::translate {

namespace {

/// Every step but the last one is a model, which has the fields of those before it and its own.
struct Step {
  const char* name;
  const char* title;
  const char* fields;
};

constexpr const char* kBase =
    R"("attention": "none", "bidirectional": false, "encoder_layers": 2, "decoder_layers": 2, "bridge": "copy", )"
    R"("scope": "global", "dropout": 0, "reverse_source": false)";
constexpr Step kSteps[] = {
    {"base", "two layers, no attention", ""},
    {"reverse", "+ source reversed", R"(, "reverse_source": true)"},
    {"dropout", "+ dropout 0.2", R"(, "dropout": 0.2)"},
    {"attention", "+ global attention", R"(, "attention": "luong", "input_feeding": false)"},
    {"feeding", "+ input feeding", R"(, "input_feeding": true)"},
    {"local-p", "+ local-p", R"(, "scope": "local-p")"},
};

std::vector<Matrix::Cell> cells(const Scores& scores, double before) {
  const auto cell = [&](std::string text) { return Matrix::Cell{scores.bleu / 100, {std::move(text)}}; };
  return {cell(fmt::format("{:.2f}", scores.perplexity)), cell(fmt::format("{:.2f}", scores.bleu)),
          cell(before < 0 ? "" : fmt::format("{:+.2f}", scores.bleu - before))};
}

}

Matrix ladder(Experiment& experiment) {
  Matrix matrix{.title = "The ladder of Luong et al. 2015, table 1",
                .row_head = "system",
                .rows = {},
                .columns = {"perplexity", "BLEU", "gain"},
                .cells = {}};
  double before = -1;
  const auto add = [&](const char* title, const Scores& scores) {
    matrix.rows.emplace_back(title);
    matrix.cells.push_back(cells(scores, before));
    before = scores.bleu;
  };
  std::string fields = kBase;
  for (const Step& step : kSteps) {
    fields += step.fields;
    experiment.train({step.name, "{" + fields + "}"});
    add(step.title, experiment.score(step.name));
  }
  add("+ UNK replacement", experiment.score(kSteps[std::size(kSteps) - 1].name, true));
  return matrix;
}

}
