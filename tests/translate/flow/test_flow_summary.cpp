#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <functional>
#include <sstream>

#include "examples/translate/flow/flow_page.h"
#include "examples/translate/text/unicode.h"

using namespace gradus::translate;

namespace {

using NormOf = std::function<double(int distance)>;

/// A pair of S and T words whose norms depend on the distance alone.
SentenceFlow sentence_of(int S, int T, const NormOf& encoder, const NormOf& decoder, bool both = false) {
  SentenceFlow sentence;
  sentence.source.assign(S, "x");
  sentence.target.assign(T, "y");
  GradientFlow& flow = sentence.flow;
  flow.forward = {T, S, {}};
  flow.decoder = {T, T, {}};
  if (both) flow.backward = flow.forward;
  for (int t = 0; t < T; ++t) {
    for (int s = 0; s < S; ++s) flow.forward.norms.push_back(encoder(encoder_distance(S, s, t, false)));
    for (int s = 0; both && s < S; ++s) flow.backward.norms.push_back(encoder(encoder_distance(S, s, t, true)));
    for (int own = 0; own < T; ++own) flow.decoder.norms.push_back(own > t ? 0 : decoder(t - own));
  }
  return sentence;
}

double halves(int distance) { return std::pow(0.5, distance); }
double constant_norm(int) { return 0.25; }

ModelFlow model_of(const std::string& name, bool attends, const NormOf& encoder,
                   const NormOf& decoder = constant_norm) {
  return {name, "rnn", attends, true, {sentence_of(6, 6, encoder, decoder)}};
}

std::string finding_of(const ModelFlow& model) { return flow_findings({&model, 1}).front(); }

}

TEST_CASE("flow: curves are mean shares by distance") {
  ModelFlow model = model_of("m", false, halves, halves);
  model.sentences.push_back(sentence_of(
      3, 2, [](int d) { return 3 * halves(d); }, constant_norm, true));
  const FlowCurves curves = flow_curves(model);
  REQUIRE(curves.encoder.size() == 11);  // 6 + 6 - 1: half of the sentences have it
  CHECK(curves.encoder[0].distance == 1);
  CHECK(curves.encoder[0].count == 1 + 2);
  CHECK(curves.encoder[0].share == doctest::Approx((0.5 + 2 * 1.5 / 0.25) / 3));
  CHECK(curves.encoder[10].share == doctest::Approx(halves(11)));
  CHECK(curves.decoder[0].distance == 0);
  CHECK(curves.decoder[0].share == 1);
  CHECK(curves.decoder[1].share == doctest::Approx((5 * 0.5 + 1) / 6));
  model.sentences.push_back(model.sentences.back());
  CHECK(flow_curves(model).encoder.back().distance == 4);  // a third of the sentences goes farther
}

TEST_CASE("flow: each word counts alike, however small its loss") {
  // Losses grow by a factor of a thousand from the first word to the last, as where later words are harder to tell.
  ModelFlow model = model_of("m", false, halves, halves), scaled = model;
  GradientFlow& flow = scaled.sentences[0].flow;
  for (int t = 0; t < 6; ++t) {
    const double size = std::pow(4, t);
    for (int i = t * 6; i < t * 6 + 6; ++i) flow.forward.norms[i] *= size, flow.decoder.norms[i] *= size;
  }
  const FlowCurves a = flow_curves(model), b = flow_curves(scaled);
  for (std::size_t i = 0; i < a.encoder.size(); ++i) CHECK(a.encoder[i].share == doctest::Approx(b.encoder[i].share));
  CHECK(factor_a_step(b.encoder) == doctest::Approx(0.5));
  CHECK(flow_findings({&scaled, 1}).front().find("the gradient vanishes, by a factor of 0.50 a step.") !=
        std::string::npos);
  for (int i = 0; i < 6; ++i) flow.decoder.norms[i] = 0;  // the first word reads no state of the decoder
  CHECK(flow_curves(scaled).encoder[0].distance == 2);
  for (double& norm : flow.decoder.norms) norm = 0;
  CHECK(flow_curves(scaled).encoder.empty());
  CHECK(flow_findings({&scaled, 1}).front() == "m: no gradient reaches the encoder.");
}

TEST_CASE("flow: the factor a step is that of a straight line, in which one odd distance counts for little") {
  CHECK(factor_a_step({{1, 0.8, 7}}) == 1);
  CHECK(factor_a_step({{1, 0.5, 1}, {2, 0.25, 9}, {4, 0.0625, 2}}) == doctest::Approx(0.5));
  CHECK(factor_a_step({{1, 1, 2}, {2, 0.2, 40}, {3, 0.2, 40}, {9, 0.2, 40}}) == doctest::Approx(1).epsilon(0.05));
  CHECK(factor_a_step({{1, 0.5, 1}, {2, 0, 1}}) < 1e-30);
}

TEST_CASE("flow: a reversed source is far at its end") {
  ModelFlow model = model_of("m", false, constant_norm);
  GradientFlow& flow = model.sentences[0].flow;
  flow.reversed = true;
  flow.forward.norms.assign(36, 0);
  for (int t = 0; t < 6; ++t) flow.forward.norms[t * 6] = 1;  // of the first word, the last that is read
  CHECK(flow_curves(model).encoder[0].share == 4);            // of 1/4
  CHECK(flow_curves(model).encoder.back().share == 0);
  CHECK(flow_stations(model).norms[2] == 1);
  CHECK(flow_stations(model).norms[3] == 0);
}

TEST_CASE("flow: sentences say what vanishes, what fades, what grows, and where") {
  const std::string vanishing = finding_of(model_of("m", false, halves));
  CHECK(vanishing.starts_with(
      "m: 1 step before a word a state of the encoder gets 2 of what the word's own state gets, 10 steps before it "
      "0.0039: the gradient vanishes, by a factor of 0.50 a step."));
  CHECK(finding_of(model_of("m", false, [](int d) {
          return std::pow(0.8, d);
        })).find("the gradient fades, by a factor of 0.80 a step.") != std::string::npos);
  CHECK(finding_of(model_of("m", false, [](int d) {
          return std::pow(2, d);
        })).find("the gradient grows, by a factor of 2.00 a step.") != std::string::npos);
  CHECK(finding_of(model_of("m", true, constant_norm))
            .ends_with("10 steps before it 1: the gradient hardly depends on the distance, for attention reaches every "
                       "state at once."));
  CHECK(finding_of(model_of("m", false, [](int) { return 0.0; })).starts_with("m: no gradient reaches the encoder."));
  ModelFlow brief = model_of("m", true, constant_norm);
  brief.sentences = {sentence_of(1, 1, constant_norm, constant_norm)};
  CHECK(finding_of(brief).find("too short to show") != std::string::npos);
}

TEST_CASE("flow: sentences name the way on which most is lost") {
  const auto way = [](const NormOf& encoder, const NormOf& decoder) {
    const std::string text = finding_of(model_of("m", false, encoder, decoder));
    const std::size_t begin = text.find("most is lost ");
    return begin == std::string::npos ? "" : text.substr(begin + 13, text.find(':', begin) - begin - 13);
  };
  CHECK(way(halves, constant_norm) == "in the encoder's recurrence");
  CHECK(way(constant_norm, [](int d) { return std::pow(0.1, d); }) == "in the decoder's recurrence");
  CHECK(way([](int) { return 1e-4; }, constant_norm) == "on the way from the decoder's first state to the encoder");
  CHECK(way(constant_norm, constant_norm).empty());
}

TEST_CASE("flow: attention beside none") {
  const std::vector<ModelFlow> models = {model_of("a", true, constant_norm), model_of("b", false, halves)};
  const std::vector<std::string> findings = flow_findings(models);
  REQUIRE(findings.size() == 3);
  CHECK(findings[2] == "10 steps before a word a, with attention, has 256 times as much left as b, without.");
  std::vector<ModelFlow> other = models;
  other[1].trained = false;  // is compared with untrained ones only
  CHECK(flow_findings(other).size() == 2);
}

TEST_CASE("flow: what the training has done") {
  std::vector<ModelFlow> models = {model_of("m", false, [](int) { return 0.01; }),
                                   model_of("m, untrained", false, constant_norm)};
  models[1].trained = false;
  const std::vector<std::string> findings = flow_findings(models);
  REQUIRE(findings.size() == 3);
  CHECK(
      findings[2] ==
      "m: the training has changed what is left at the last state of the encoder from 1 to 0.04; beside the decoder's "
      "own state the source counts for less than at first.");
  std::swap(models[0].sentences, models[1].sentences);
  CHECK(flow_findings(models)[2].ends_with("from 0.04 to 1."));
  models[1].attends = true;
  CHECK(flow_findings(models).size() == 2);
}

TEST_CASE("flow: numbers have two digits") {
  CHECK(norm_text(0) == "0");
  CHECK(norm_text(0.0123) == "0.012");
  CHECK(norm_text(99.6) == "100");
  CHECK(norm_text(3.14e-6) == "3.1×10⁻⁶");
  CHECK(norm_text(12345) == "1.2×10⁴");
}

TEST_CASE("flow: tables have a row for a distance and a column for a model") {
  const std::vector<ModelFlow> models = {model_of("one", true, constant_norm), model_of("two", false, halves)};
  const std::string text = flow_tables(models);
  CHECK(text.find("  distance  one     two\n  1           1       2\n  2           1       1\n") != std::string::npos);
  CHECK(text.find("  10          1  0.0039\n") != std::string::npos);
  CHECK(text.find("decoder, own state") != std::string::npos);
}

TEST_CASE("flow: tables of many models fit into 80 columns") {
  std::vector<ModelFlow> models;
  for (int i = 0; i < 7; ++i)
    models.push_back(model_of(fmt::format("a model with a name, {}", i), true, constant_norm));
  std::istringstream lines(flow_tables(models));
  for (std::string line; std::getline(lines, line);) CHECK(display_width(line) <= 80);
}

TEST_CASE("flow: a page holds any words") {
  std::vector<ModelFlow> models = {model_of("m</script>\xff", false, halves)};
  models[0].sentences[0].source[0] = "</script><b>\"&\xff";
  const std::string html = flow_page(models, {{"pairs", "<one>"}});
  CHECK(html.ends_with("</html>\n"));
  CHECK(html.find("\\u003c/script>\\u003cb>\\\"&\uFFFD") != std::string::npos);
  std::size_t ends = 0;
  for (std::size_t at = html.find("</script>"); at != std::string::npos; at = html.find("</script>", at + 1)) ++ends;
  CHECK(ends == 2);
}
