#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "autograd/error.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/config/config.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/config/presets.h"
#include "examples/translate/options/config_options.h"
#include "nn/storage/json.h"
#include "tests/support/temporary_folder.h"

using namespace gradus::translate;

namespace {

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// What `read_config` says about a file with this text, without the name of the file, which must come first.
std::string complaint(const std::string& text) {
  const TemporaryFolder folder;
  const std::string path = folder.file("c.json");
  write(path, text);
  TrainConfig config;
  try {
    read_config(path, config);
  } catch (const gradus::Error& error) {
    const std::string message = error.what();
    REQUIRE(message.starts_with(path + ": "));
    return message.substr(path.size() + 2);
  }
  return "";
}

/// The configuration that `gradus train` would take from these words.
TrainConfig resolve(const std::vector<std::string>& words) {
  ConfigOptions options;
  parse_words({.name = "train", .help = "", .options = options.options()}, words);
  return options.resolve();
}

}

TEST_CASE("the fields of a copy are its own, in whatever way it was made") {
  TrainConfig config;
  TrainConfig copy = config, assigned;
  assigned = copy;
  ModelConfig model = copy;
  const TrainConfig moved = std::move(copy);
  assigned.hidden = 64;
  assigned.attention = attention_named(AttentionKind::Luong);
  model.hidden = 32;
  const auto text = [](std::vector<ConfigField> fields, std::string_view key) {
    const auto field = std::ranges::find(fields, key, &ConfigField::key);
    REQUIRE(field != fields.end());
    return field->text();
  };
  CHECK(text(config.fields(), "hidden") == "512");
  CHECK(text(config.fields(), "attention") == "bahdanau");
  CHECK(text(assigned.fields(), "hidden") == "64");
  CHECK(text(assigned.fields(), "attention") == "luong");
  CHECK(text(assigned.fields(), "score") == "scaled-general");
  CHECK(text(model.fields(), "hidden") == "32");
  CHECK(moved.hidden == 512);
}

TEST_CASE("no two fields have the same key") {
  TrainConfig config;
  std::set<std::string> keys;
  for (const ConfigField& field : config.fields()) CHECK_MESSAGE(keys.insert(field.key).second, field.key);
}

TEST_CASE("a configuration is written and read back, every field of it") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.train = {"a.de", "ä \"b\".en"};
  config.valid = {"c.de", "c.en"};
  config.seed = 18446744073709551615u;
  for (const ConfigField& field : config.fields()) {  // nothing is at its default
    if (const auto* const choice = std::get_if<ChoiceReference>(&field.value)) {
      const auto names = choice->names();
      choice->parse(choice->name() == std::string_view(names[0]) ? names[1] : names[0]);
    }
    if (auto* const* value = std::get_if<bool*>(&field.value)) **value = !**value;
    if (auto* const* value = std::get_if<int*>(&field.value)) **value += 1;
    if (auto* const* value = std::get_if<double*>(&field.value)) **value += 1.0 / 3;
  }
  config.dropout = config.embedding_dropout = config.layer_dropout = config.output_dropout = 1.0 / 3;
  config.learning_rate_decay = 0.1;
  write_config(folder.file("c.json"), config);

  TrainConfig read, defaults;
  read_config(folder.file("c.json"), read);
  const auto written_fields = config.fields(), read_fields = read.fields();
  const auto default_fields = defaults.fields();
  REQUIRE(read_fields.size() == written_fields.size());
  for (size_t i = 0; i < read_fields.size(); ++i) {
    CAPTURE(read_fields[i].key);
    CHECK(read_fields[i].equals(written_fields[i]));
    CHECK_FALSE(read_fields[i].equals(default_fields[i]));
  }
}

TEST_CASE("a file that names a few fields leaves the others as they are") {
  const TemporaryFolder folder;
  write(folder.file("c.json"), R"({"hidden": 64, "attention": "none", "dropout": 0})");
  TrainConfig config;
  config.epochs = 77;
  read_config(folder.file("c.json"), config);
  CHECK(config.hidden == 64);
  CHECK(config.attention.kind() == AttentionKind::None);
  CHECK(config.dropout == 0);
  CHECK(config.epochs == 77);
}

TEST_CASE("errors of a configuration file name the file and the key") {
  CHECK(complaint(R"({"atention": "luong"})") == R"(unknown key "atention"; did you mean "attention"?)");
  CHECK(complaint(R"({"xyzzy": 1})") == R"(unknown key "xyzzy")");
  CHECK(complaint(R"({"hidden": 1.5})") == "hidden: 1.5 is not a whole number");
  CHECK(complaint(R"({"hidden": "512"})") == "hidden: \"512\" is not a whole number");
  CHECK(complaint(R"({"hidden": 1})") == "hidden: 1 is too small; need at least 2");
  CHECK(complaint(R"({"hidden": 8, "hidden": 4})") == "the name \"hidden\" is there twice");
  CHECK(complaint(R"({"layer_dropout": -0.5})") ==
        "layer_dropout: -0.5 is too small; need at least 0, or -1: as dropout");
  CHECK(complaint(R"({"hidden": 9999999999999})") == "hidden: 2147483647 is too large; need at most 65536");
  CHECK(complaint(R"({"hidden": -9999999999999})") == "hidden: -2147483648 is too small; need at least 2");
  CHECK(complaint(R"({"dropout": true})") == "dropout: true is not a number");
  CHECK(complaint(R"({"dropout": 1})") == "dropout: 1 is too large; need at most 0.95");
  CHECK(complaint(R"({"seed": -1})") == "seed: -1 is not a whole number, not negative");
  CHECK(complaint(R"({"toy": 1})") == "toy: 1 is not true or false");
  CHECK(complaint(R"({"attention": "dot"})") == R"(attention: "dot" is not "none", "bahdanau" or "luong")");
  CHECK(complaint(R"({"tokenizer": "bpee"})") ==
        R"(tokenizer: "bpee" is not "whitespace", "words", "bpe" or "unigram")");
  CHECK(complaint(R"({"vocabulary_size": -1})") == "vocabulary_size: -1 is too small; need at least 0");
  CHECK(complaint(R"({"train": ["a"]})") == R"(train: ["a"] is not a list of two files, ["SOURCE", "TARGET"])");
  CHECK(complaint("[]") == "not a configuration: the file must hold one JSON object");
  CHECK(complaint("{\"hidden\": }").starts_with("malformed JSON: parse error at line 1, column 12"));
  TrainConfig config;
  CHECK_THROWS_WITH_AS(read_config("/no/such.json", config),
                       "/no/such.json: cannot read the file: No such file or directory", gradus::Error);
}

TEST_CASE("the command line overrides the file, and the file the defaults") {
  const TemporaryFolder folder;
  const std::string file = folder.file("c.json");
  write(file, R"({"hidden": 64, "epochs": 3})");
  const TrainConfig config = resolve({"--config", file, "--epochs", "4", "--train", "a", "b", "--attention", "luong"});
  CHECK(config.hidden == 64);
  CHECK(config.epochs == 4);
  CHECK(config.attention.kind() == AttentionKind::Luong);
  CHECK(config.train == std::vector<std::string>{"a", "b"});
  CHECK(config.embedding == TrainConfig().embedding);

  const TrainConfig toy = resolve({"--toy", "--config", file, "--dropout", "0.25"});
  CHECK(toy.toy);
  CHECK(toy.hidden == 64);
  CHECK(toy.dropout == 0.25);
  CHECK(toy.embedding == TrainConfig::toy_preset().embedding);
  CHECK_THROWS_WITH_AS(resolve({"--hidden", "0"}), "hidden: 0 is too small; need at least 2", gradus::Error);
}

TEST_CASE("the papers' presets are what the papers say") {
  const TrainConfig search = resolve({"--preset", "rnnsearch"});
  CHECK(search.attention.kind() == AttentionKind::Bahdanau);
  CHECK(search.attention.score == "additive");
  CHECK(search.attention.scope == "global");
  CHECK_FALSE(search.attention.input_feeding);
  CHECK(search.bidirectional);
  CHECK(search.bridge == Bridge::Backward);
  const TrainConfig encoder_decoder = resolve({"--preset", "rnnenc"});
  CHECK_FALSE(encoder_decoder.attention.present);
  CHECK(encoder_decoder.fixed_context);
  CHECK_FALSE(encoder_decoder.bidirectional);
  CHECK(encoder_decoder.bridge == Bridge::Last);
  for (const TrainConfig& config : {search, encoder_decoder}) {
    CHECK(config.cell == CellKind::GruResetBefore);
    CHECK(config.readout == Readout::Maxout);
    CHECK(config.initial_values == InitialValues::Bahdanau);
    CHECK(config.optimizer == OptimizerKind::Adadelta);
    CHECK(config.learning_rate == 1);
    CHECK(config.schedule == Schedule::Constant);
    CHECK(config.batch_size == 80);
    CHECK(config.pool_batches == 20);
    CHECK(config.clip == 1);
    CHECK(config.loss_mean == LossMean::Sentences);
    CHECK(config.max_length == 50);
    CHECK(config.dropout == 0);
    CHECK(config.label_smoothing == 0);
  }
  const TrainConfig luong = resolve({"--preset", "luong"});
  CHECK(luong.attention.kind() == AttentionKind::Luong);
  CHECK(luong.attention.score == "general");
  CHECK(luong.attention.scope == "local-p");
  CHECK(luong.window == 10);
  CHECK(luong.attention.input_feeding);
  CHECK(luong.cell == CellKind::Lstm);
  CHECK(luong.encoder_layers >= 2);
  CHECK(luong.encoder_layers == luong.decoder_layers);
  CHECK_FALSE(luong.bidirectional);
  CHECK(luong.reverse_source);
  CHECK(luong.bridge == Bridge::Copy);
  CHECK(luong.readout == Readout::Direct);
  CHECK(luong.initial_values == InitialValues::Luong);
  CHECK(luong.optimizer == OptimizerKind::Sgd);
  CHECK(luong.learning_rate == 1);
  CHECK(luong.schedule == Schedule::Halving);
  CHECK(luong.halve_after == 8);
  CHECK(luong.epochs == 12);
  CHECK(luong.clip == 5);
  CHECK(luong.dropout == 0.2);
  CHECK(luong.label_smoothing == 0);
  CHECK(luong.loss_mean == LossMean::Sentences);
  CHECK(luong.max_length == 50);
}

TEST_CASE("a preset is weaker than the file, and the file than the options") {
  for (const Preset& preset : presets()) {
    CAPTURE(std::string(preset.name));
    const TrainConfig config = resolve({"--preset", preset.name}), defaults;
    if (preset.name == std::string_view("defaults")) continue;
    CHECK(config.schedule != defaults.schedule);
    CHECK(config.learning_rate == gradus::Json::parse(preset.json)["learning_rate"].as<double>());
    CHECK(config.accumulate == defaults.accumulate);  // which none of them names
    CHECK_NOTHROW(config.check_architecture());
  }
  const TemporaryFolder folder;
  write(folder.file("c.json"), R"({"dropout": 0.1, "epochs": 3})");
  const TrainConfig config =
      resolve({"--preset", "multi30k-luong", "--config", folder.file("c.json"), "--epochs", "4"});
  CHECK(config.attention.kind() == AttentionKind::Luong);
  CHECK(config.warm_up == 200);
  CHECK(config.dropout == 0.1);
  CHECK(config.epochs == 4);
  CHECK(resolve({"--toy", "--preset", "multi30k-luong"}).warm_up == 200);
  CHECK(resolve({"--toy", "--preset", "multi30k-luong"}).hidden == TrainConfig::toy_preset().hidden);
}

TEST_CASE("a model has no parts that only others have") {
  const auto complaint_about = [](TrainConfig config, const std::string& fields) -> std::string {
    read_config_text("fields", fields, config);
    try {
      config.check_architecture();
    } catch (const gradus::Error& error) {
      return error.what();
    }
    return "";
  };
  TrainConfig transformer = TrainConfig::toy_preset();  // which has sizes of its own
  transformer.architecture = Architecture::Transformer;
  CHECK(complaint_about(transformer, "{}").empty());
  CHECK(complaint_about(transformer, R"({"heads": 2, "encoder_layers": 2, "word_dropout": 0.1, "window": 3})").empty());
  CHECK(complaint_about(transformer, R"({"score": "dot"})") ==
        "score: dot means nothing to a transformer; leave it at additive");
  CHECK(complaint_about(transformer, R"({"attention": "luong"})") ==
        "attention: luong means nothing to a transformer; leave it at bahdanau");
  CHECK(complaint_about(transformer, R"({"bidirectional": false})") ==
        "bidirectional: false means nothing to a transformer; leave it at true");
  CHECK(complaint_about(transformer, R"({"scheduled_sampling": 0.5})") ==
        "scheduled_sampling: 0.5 means nothing to a transformer; leave it at 0");

  const TrainConfig recurrent;
  CHECK(complaint_about(recurrent, R"({"score": "dot", "coverage": true, "feed_forward": 7})").empty());
  CHECK(complaint_about(recurrent, R"({"attention": "none", "window": 3})").empty());
  CHECK(complaint_about(recurrent, R"({"attention": "none", "score": "dot"})") ==
        "score: dot means nothing without attention; leave it at additive");
  CHECK(complaint_about(recurrent, R"({"attention": "none", "coverage": true})") ==
        "coverage: true means nothing without attention; leave it at false");
  CHECK(complaint_about(recurrent, R"({"pre_norm": false})") ==
        "pre_norm: false means nothing to a recurrent model; leave it at true");
}

TEST_CASE("a resumed training keeps what it began with") {
  TrainConfig begun;
  begun.hidden = 64;
  const auto resume = [&](const std::vector<std::string>& words) {
    ConfigOptions options;
    parse_words({.name = "train", .help = "", .options = options.options()}, words);
    return options.resume(begun);
  };
  CHECK(resume({}).hidden == 64);
  CHECK(resume({"--hidden", "64", "--epochs", "30"}).epochs == 30);
  CHECK_THROWS_WITH_AS(
      resume({"--hidden", "128"}),
      "train: --hidden: 128 differs from the 64 that the training began with; a resumed training keeps it",
      gradus::Error);
}

TEST_CASE("the nearest word is one that differs in few letters") {
  const std::vector<std::string> words = {"attention", "attention_size", "embedding", "seed"};
  CHECK(nearest("atention", words) == "attention");
  CHECK(nearest("attention-size", words) == "attention_size");
  CHECK(nearest("embeding", words) == "embedding");
  CHECK(nearest("sed", words) == "seed");
  CHECK(nearest("beam", words).empty());
  CHECK(nearest("", words).empty());
}
