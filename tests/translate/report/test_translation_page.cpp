#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "autograd/error.h"
#include "examples/translate/report/attention_map.h"
#include "examples/translate/report/player/output_chain.h"
#include "examples/translate/report/player/translation_page.h"
#include "examples/translate/search/scoring.h"
#include "examples/translate/text/word_tokenizer.h"
#include "examples/translate/translator/translate.h"
#include "nn/storage/json.h"
#include "ops/gemm/thread_pool.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr const char* kSentence = "s7 s2 s9 s4";

Language words_named(char letter, int count) {
  std::vector<std::string> words = {"<pad>", "<unk>", "<s>", "</s>"};
  for (int i = 0; i < count; ++i) words.push_back(fmt::format("{}{}", letter, i));
  return Language(Vocabulary::of(words));
}

TrainConfig small_translator_config() {
  TrainConfig config;
  config.embedding = 6;
  config.hidden = config.attention_size = 8;
  config.heads = 2;
  config.window = 2;
  config.positions = 3;
  config.embedding_deviation = 1;
  return config;
}

/// A translator that has learnt nothing, but is sure of what it says.
std::unique_ptr<Translator> make_translator(const TrainConfig& config) {
  auto translator = std::make_unique<Translator>(config, Languages{words_named('s', 20), words_named('t', 30)});
  make_sure(translator->model, 3, 1);
  return translator;
}

Json data_of(const TranslationPage& page) {
  const std::string head = "id=\"data\">";
  const std::size_t begin = page.html.find(head) + head.size();
  return Json::parse(page.html.substr(begin, page.html.find("</script>", begin) - begin));
}

TranslationPage page_of(Translator& translator, const TranslationPageOptions& options) {
  const ShownModel model{&translator, "m"};
  return translation_page({&model, 1}, options);
}

double log_probability(Translator& translator, const std::string& source, const std::string& target) {
  ThreadPool pool(1);
  ParallelText text;
  text.source = {source};
  text.target = {target};
  Translator* const only = &translator;
  const std::vector<double> words = score_pairs({&only, 1}, text, pool).front();
  return std::accumulate(words.begin(), words.end(), 0.0);
}

/// The page says what the model says: weights, likeliest words, log P.
void check_page(const TrainConfig& config) {
  const std::unique_ptr<Translator> translator = make_translator(config);
  translator->freeze();
  const SearchOptions search{.beam = 3, .max_length = 6};
  ThreadPool pool(1);
  const AttentionMap attended = attention_map(*translator, kSentence, search, pool);
  const TranslationPage page = page_of(*translator, {.source = kSentence, .search = search});
  CHECK(page.target == attended.translation);
  const double expected = log_probability(*translator, kSentence, page.target);
  CHECK(page.log_probabilities.front() == doctest::Approx(expected).epsilon(1e-5));

  const Json data = data_of(page);
  const Json& model = data["models"][0];
  CHECK(model["logProbability"].as<double>() == doctest::Approx(expected).epsilon(1e-5));
  CHECK(data["about"][2][1].as<std::string>() == fmt::format("−{:.4f}", -page.log_probabilities.front()));
  CHECK(model["source"].items_as<std::string>() == attended.map.source);
  CHECK(model["target"].items_as<std::string>() == attended.map.target);
  const std::vector<Json>& steps = model["steps"].items();
  REQUIRE(steps.size() == attended.map.target.size());
  double sum = 0;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    const std::vector<double> weights = steps[t]["weights"].items_as<double>();
    REQUIRE(weights.size() == attended.map.source.size());
    for (std::size_t j = 0; j < weights.size(); ++j)
      CHECK(std::abs(weights[j] - static_cast<double>(attended.map.weight(t, j))) < 1e-5);
    const Json& likeliest = steps[t]["likeliest"];
    REQUIRE(likeliest.size() == 5);
    for (std::size_t i = 1; i < 5; ++i) CHECK(likeliest[i][3].as<double>() <= likeliest[i - 1][3].as<double>());
    const Json& written = steps[t]["written"];
    CHECK(written[0].as<std::string>() == attended.map.target[t]);
    if (steps[t]["rank"].as<int>() == 1) CHECK(written[0].as<std::string>() == likeliest[0][0].as<std::string>());
    sum += written[3].as<double>();
  }
  CHECK(sum == doctest::Approx(expected).epsilon(1e-5));
}

std::string error_of(std::span<const ShownModel> models, const TranslationPageOptions& options) {
  try {
    translation_page(models, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

}

TEST_CASE("translation page: every score, before and after the recurrence, is shown as it is, with its formula") {
  for (const NamedScore& score : attention_scores()) {
    for (const AttendWhen attend : {AttendWhen::Before, AttendWhen::After}) {
      CAPTURE(score.name);
      TrainConfig config = small_translator_config();
      REQUIRE(parse_choice(score.name, config.attention.score));
      config.attention.attend = attend;
      check_page(config);
    }
    const std::string name = score.name, formula = name.find('-') == std::string::npos ? name : '"' + name + '"';
    CHECK(pages::translation_js.find(fmt::format("\n  {}: (q", formula)) != std::string_view::npos);
  }
}

TEST_CASE("translation page: so is every scope, normaliser, cell and readout, and what else a decoder may have") {
  for (const NamedScope& scope : attention_scopes()) {
    for (const Normalizer normalizer : {Normalizer::Softmax, Normalizer::Sparsemax}) {
      if (!scope.normalizes && normalizer != Normalizer::Softmax) continue;
      TrainConfig config = small_translator_config();
      REQUIRE(parse_choice(scope.name, config.attention.scope));
      config.bidirectional = !scope.simultaneous;
      if (scope.simultaneous) config.bridge = Bridge::Zero;
      config.attention.normalizer = normalizer;
      check_page(config);
    }
  }
  for (const CellKind cell : {CellKind::Lstm, CellKind::Gru, CellKind::GruResetBefore, CellKind::Rnn}) {
    for (const Readout readout : {Readout::Tanh, Readout::Maxout, Readout::Direct}) {
      TrainConfig config = small_translator_config();
      config.cell = cell;
      config.readout = readout;
      config.attention.coverage = config.attention.context_gate = true;
      config.attention.input_feeding = readout != Readout::Direct;
      config.bidirectional = readout != Readout::Tanh;
      check_page(config);
    }
  }
}

TEST_CASE("translation page: the search is a tree whose best leaf is the translation") {
  const std::unique_ptr<Translator> translator = make_translator(small_translator_config());
  const TranslationPage page = page_of(*translator, {.source = kSentence, .search = {.beam = 3, .max_length = 6}});
  const Json data = data_of(page);
  const Json& tree = data["tree"];
  std::string text;
  for (int i = tree["best"].as<int>(); i >= 0; i = tree["nodes"][i][0].as<int>()) {
    const std::string word = tree["nodes"][i][2].as<std::string>();
    if (word != "</s>") text = text.empty() ? word : fmt::format("{} {}", word, text);
  }
  CHECK(text == page.target);
  CHECK(tree["nodes"][tree["best"].as<int>()][3].as<double>() ==
        doctest::Approx(page.log_probabilities.front()).epsilon(1e-5));

  const Json forced = data_of(page_of(*translator, {.source = kSentence, .target = "t3 t1"}));
  CHECK(forced["tree"].is<std::nullptr_t>());
  CHECK(forced["models"][0]["target"].items_as<std::string>() == std::vector<std::string>{"t3", "t1", "</s>"});
}

TEST_CASE("translation page: saliency is the slope that finite differences find") {
  const std::unique_ptr<Translator> translator = make_translator(small_translator_config());
  const std::string target = "t3 t1 t8";
  const Json data = data_of(page_of(*translator, {.source = kSentence, .target = target, .saliency = true}));
  const std::vector<double> shown = data["models"][0]["saliency"].items_as<double>();
  const std::size_t sources = 5;
  REQUIRE(shown.size() == 4 * sources);
  for (const Parameter* parameter : translator->model.parameters()) CHECK(!parameter->frozen);

  const std::vector<int> source = translator->source.encode(kSentence), words = translator->target.encode(target);
  const Member member{&translator->model, {&source, 1}};
  ThreadPool pool(1);
  const auto log_p = [&](std::size_t t) { return score_targets({&member, 1}, {&words, 1}, 1, pool).front()[t]; };
  Parameter& table = translator->model.encoder().embedding->weight;
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t j = 0; j < sources; ++j) {  // each word is there once
      double squares = 0;
      for (Real& x : std::span(table.value().row(source[j]), static_cast<std::size_t>(table.value().cols()))) {
        const Real kept = x, step = Real(0.01);
        x = kept + step;
        const double plus = log_p(t);
        x = kept - step;
        const double slope = (plus - log_p(t)) / (2 * static_cast<double>(step));
        x = kept;
        squares += slope * slope;
      }
      CHECK(shown[t * sources + j] == doctest::Approx(std::sqrt(squares)).epsilon(0.01).scale(0.02));
    }
  }
}

TEST_CASE("translation page: the ops that lead to the words go with it, or it says why not") {
  const auto obstacle = [](const TrainConfig& config) {
    const std::unique_ptr<Translator> translator = make_translator(config);
    const Json data = data_of(page_of(*translator, {.source = kSentence, .target = "t3 t1"}));
    const Json& model = data["models"][0];
    const std::string reason = model["obstacle"].as<std::string>();
    CHECK((model.find("given") == nullptr) == !reason.empty());
    return reason;
  };
  TrainConfig config = small_translator_config();
  CHECK(obstacle(config).empty());
  for (const CellKind cell : {CellKind::Gru, CellKind::Rnn}) {
    config.cell = cell;
    CHECK(obstacle(config).empty());
  }
  config.cell = CellKind::Gru;
  config.layer_norm = true;
  CHECK(obstacle(config) == "this page cannot compute the op slice, in decoder.cell");
  config = small_translator_config();
  config.embedding = 1024;
  CHECK(obstacle(config) ==
        "the layers from the context to the words of this model are 6.1 MB of numbers, and a page holds at most 2");
  config = small_translator_config();
  REQUIRE(parse_choice("multi-head", config.attention.score));
  CHECK(obstacle(config) == "the 2 heads of this attention have weights of their own, of which a bar shows the mean");
  for (const char* op : computable_ops()) {
    CAPTURE(op);
    CHECK(pages::translation_js.find(fmt::format("\n  {}: ", op)) != std::string_view::npos);
  }
}

TEST_CASE("translation page: what it cannot show is an error that says why") {
  const std::unique_ptr<Translator> translator = make_translator(small_translator_config());
  const ShownModel model{translator.get(), "m"};
  CHECK(error_of({&model, 1}, {.source = " "}) == "attend: the sentence has no word");
  CHECK(error_of({&model, 1}, {.source = "s1", .target = ""}) == "attend: the target has no word");

  TrainConfig config = small_translator_config();
  config.attention.present = false;
  const std::unique_ptr<Translator> plain = make_translator(config);
  const ShownModel without{plain.get(), "plain"};
  CHECK(error_of({&without, 1}, {.source = "s1"}) ==
        "attend: the model in plain has no attention to show; it was trained with --attention none");
  config = small_translator_config();
  config.architecture = Architecture::Transformer;
  config.embedding = config.hidden;
  const std::unique_ptr<Translator> transformer = make_translator(config);
  const ShownModel heads{transformer.get(), "t"};
  CHECK(error_of({&heads, 1}, {.source = "s1"}).starts_with("attend: the model in t is a Transformer, which has no "));

  Languages words{words_named('s', 20), words_named('t', 30)};
  words.source.tokenizer = words.target.tokenizer = std::make_shared<WordTokenizer>();
  auto other = std::make_unique<Translator>(small_translator_config(), std::move(words));
  other->freeze();
  const ShownModel two[] = {model, {other.get(), "n"}};
  CHECK(error_of(two, {.source = "s1, s2", .target = "t3"}) ==
        "attend: the models cut the source into 2 words, by m, and 3, by n; side by side they need as many");
  CHECK(error_of(two, {.source = "s1 s2", .target = "t3!"}) ==
        "attend: the models cut the target into 1 words, by m, and 2, by n; side by side they need as many");
  const TranslationPage page = translation_page(two, {.source = kSentence, .target = "t3 t1"});
  CHECK(page.log_probabilities.size() == 2);
  CHECK(data_of(page)["models"].size() == 2);
}
