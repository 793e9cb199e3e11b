#include "examples/experiments/experiments.h"
#include "examples/translate/base/number.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

/// Every step but the last one is a model, which has the fields of those before it and its own. The scores are those of
/// the paper's table 1.
struct Step {
  const char* name;
  const char* title;
  const char* fields;
};

constexpr const char* kBase =
    R"({"bidirectional": false, "encoder_layers": 2, "decoder_layers": 2, "bridge": "copy", "fixed_context": false, )"
    R"("reverse_source": false, "dropout": 0, "embedding_dropout": -1, "layer_dropout": -1, "output_dropout": -1, )"
    R"("recurrent_dropout": 0, "word_dropout": 0})";
constexpr Step kSteps[] = {
    {"base", "two layers, no attention", "{}"},
    {"reverse", "+ source reversed", R"({"reverse_source": true})"},
    {"dropout", "+ dropout 0.2", R"({"dropout": 0.2})"},
    {"attention", "+ global attention (location)",
     R"({"attention": "luong", "score": "location", "input_feeding": false})"},
    {"feeding", "+ input feeding", R"({"input_feeding": true})"},
    {"local-p", "+ local-p attention (general)", R"({"scope": "local-p", "score": "general"})"},
};

std::vector<Matrix::Cell> cells(const Scores& scores, double before) {
  const auto cell = [&](std::string text) { return Matrix::Cell{scores.bleu, {std::move(text)}}; };
  return {cell(readable(scores.perplexity, 2)), cell(fmt::format("{:.2f}", scores.bleu)),
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
  std::vector<Variant> variants;
  Json fields = Json::parse(fmt::format("{{{}}}", kWithoutAttention));
  const auto update = [&](const char* more) {
    const Json parsed = Json::parse(more);
    for (const auto& [name, value] : parsed.members()) fields.set(name, value);
  };
  update(kBase);
  for (const Step& step : kSteps) {
    update(step.fields);
    variants.push_back({step.name, fields.dump()});
  }
  experiment.check(variants);
  Scores scores;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    experiment.train(variants[i]);
    scores = experiment.score(variants[i].name);
    add(kSteps[i].title, scores);
  }
  scores.bleu = scores.bleu_replaced;
  add("+ UNK replacement", scores);
  return matrix;
}

}
