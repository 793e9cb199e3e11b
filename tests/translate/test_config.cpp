#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "autograd/error.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/base/number.h"
#include "examples/translate/config/config.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/config/presets.h"
#include "examples/translate/options/command_line.h"
#include "examples/translate/options/config_options.h"
#include "nn/storage/json.h"
#include "tests/support/address_sanitizer.h"
#include "tests/support/temporary_folder.h"

using namespace gradus::translate;

namespace {

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// What `read_config` says about a file with this text, without the name of the file, which must come first.
std::string config_complaint(const std::string& text) {
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
    if (auto* const* value = std::get_if<Interval*>(&field.value)) **value = {1.0 / 3, IntervalUnit::Minutes};
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
  CHECK(config_complaint(R"({"atention": "luong"})") == R"(unknown key "atention"; did you mean "attention"?)");
  CHECK(config_complaint(R"({"xyzzy": 1})") == R"(unknown key "xyzzy")");
  const std::string hidden = "; need a whole number from 2 to 65536";
  for (const char* wrong : {"1.5", "512.0", "1e2", "\"512\"", "null", "true", "[512]", R"({"a":[]})", "\"\""})
    CHECK(config_complaint(fmt::format(R"({{"hidden": {}}})", wrong)) ==
          fmt::format("hidden: {} is no whole number{}", wrong, hidden));
  for (const char* large : {"65537", "9999999999999", "99999999999999999999", "1000000000000000000000000000000"})
    CHECK(config_complaint(fmt::format(R"({{"hidden": {}}})", large)) ==
          fmt::format("hidden: {} is too large{}", large, hidden));
  for (const char* small : {"1", "0", "-9999999999999", "-99999999999999999999"})
    CHECK(config_complaint(fmt::format(R"({{"hidden": {}}})", small)) ==
          fmt::format("hidden: {} is too small{}", small, hidden));
  CHECK(config_complaint(R"({"hidden": 1e400})") == "hidden: 1e400 is too large a number");
  CHECK(config_complaint(R"({"hidden": 8, "hidden": 4})") == "the name \"hidden\" is there twice");
  CHECK(config_complaint(R"({"layer_dropout": -0.5})") ==
        "layer_dropout: -0.5 is too small; need a number from 0 to 0.95, or -1");
  CHECK(config_complaint(R"({"layer_dropout": -1})").empty());
  CHECK(config_complaint(R"({"dropout": true})") == "dropout: true is no number; need a number from 0 to 0.95");
  CHECK(config_complaint(R"({"dropout": 1})") == "dropout: 1 is too large; need a number from 0 to 0.95");
  CHECK(config_complaint(R"({"learning_rate": 0.0})") ==
        "learning_rate: 0.0 is too small; need a number above 0 and up to 100");
  for (const char* seed : {"-1", "18446744073709551616"})
    CHECK(config_complaint(fmt::format(R"({{"seed": {}}})", seed)) ==
          fmt::format("seed: {} is too {}; need a whole number from 0 to 18446744073709551615", seed,
                      *seed == '-' ? "small" : "large"));
  CHECK(config_complaint(R"({"seed": 18446744073709551615})").empty());
  CHECK(config_complaint(R"({"toy": 1})") == "toy: 1 is not true or false");
  CHECK(config_complaint(R"({"attention": "dot"})") == R"(attention: "dot" is not "none", "bahdanau" or "luong")");
  CHECK(config_complaint(R"({"tokenizer": "bpee"})") ==
        R"(tokenizer: "bpee" is not "whitespace", "words", "bpe" or "unigram"; did you mean bpe?)");
  CHECK(config_complaint(R"({"vocabulary_size": -1})") ==
        "vocabulary_size: -1 is too small; need a whole number from 0 to 1000000000");
  CHECK(config_complaint(R"({"train": ["a"]})") == R"(train: ["a"] is not a list of two files, ["SOURCE", "TARGET"])");
  for (const char* files : {R"(["",""])", R"(["a","b\u0000c"])", R"(["a",1])", R"(["a","b","c"])", R"("a")"})
    CHECK(config_complaint(fmt::format(R"({{"train":{}}})", files)) ==
          fmt::format(R"(train: {} is not a list of two files, ["SOURCE", "TARGET"])", files));
  CHECK(config_complaint("\xFF\xFE{") == "the text is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8");
  CHECK(config_complaint("BZh91AY&SY") == "the text is compressed; unpack it first: bzip2 -dc");
  CHECK(config_complaint("\uFEFF{\r\n\"hidden\": 8}\r\n").empty());
  CHECK(config_complaint("[]") == "not a configuration: the file must hold one JSON object");
  CHECK(config_complaint("{\"hidden\": }").starts_with("malformed JSON: parse error at line 1, column 12"));
  TrainConfig config;
  CHECK_THROWS_WITH_AS(read_config("/no/such.json", config),
                       "/no/such.json: cannot read the file: No such file or directory", gradus::Error);
}

TEST_CASE("numbers are decimal, and nothing else is a number") {
  const Range range{-100, 100};
  CHECK(read_number<int>("010", range) == 10);
  CHECK(read_number<int>("-0") == 0);
  CHECK(read_number<std::uint64_t>("-0") == 0);
  CHECK(read_number<std::uint64_t>("00018446744073709551615") == 18446744073709551615u);
  CHECK(read_number<double>("-0.5e1", range) == -5);
  CHECK(read_number<double>(".5", range) == 0.5);
  CHECK(read_number<double>("010", range) == 10);

  const auto message = [&]<class Number>(const char* text, Number) -> std::string {
    try {
      return fmt::format("it is {}", read_number<Number>(text, range));
    } catch (const gradus::Error& error) {
      return error.what();
    }
  };
  for (const char* text : {"nan", "nan(1)", "inf", "-inf", "infinity", "0x10", "1_0", "1,5", "+5", "１２", "1.5.2",
                           "e5", "-", ".", "--5", "5x", "1e", "five"}) {
    CHECK(message(text, 0.0) == fmt::format("{} is no number; need a number from -100 to 100", text));
    CHECK(message(text, 0) == fmt::format("{} is no whole number; need a whole number from -100 to 100", text));
    CHECK(message(text, std::uint64_t{}) ==
          fmt::format("{} is no whole number; need a whole number from 0 to 100", text));
  }
  for (const char* text : {"", " ", " 5", "\t5", "5\n", "1 000"})
    CHECK(message(text, 0) == fmt::format("\"{}\" is no whole number; need a whole number from -100 to 100", text));
  for (const char* text : {"1e400", "101", "99999999999999999999"})
    CHECK(message(text, 0.0).find(" is too large; ") < 99);
  for (const char* text : {"-1e400", "-101", "1e-400"}) CHECK(message(text, 0.0).find(" is too small; ") < 99);
  CHECK(message("-5", std::uint64_t{}) == "-5 is too small; need a whole number from 0 to 100");
  CHECK(range_text<double>({.low = 0, .above = true}) == "a number above 0");
  CHECK(range_text<double>({.low = 1}) == "a number of at least 1");
  CHECK(range_text<double>({}) == "a number");
}

TEST_CASE("numbers that are too long to read become powers of ten") {
  CHECK(readable(27.125, 2) == "27.12");
  CHECK(readable(-999999.4, 0) == "-999999");
  CHECK(readable(1e6, 2) == "1.0e+06");
  CHECK(readable(1.234e130, 3) == "1.2e+130");
  CHECK(readable(std::exp(1000), 3) == "inf");
}

TEST_CASE("every number of a configuration refuses what is no number and what is beyond its range") {
  TrainConfig defaults;
  for (const ConfigField& field : defaults.fields()) {
    const bool is_number =
        field.visit([]<class T>(const T&) { return std::is_arithmetic_v<T> && !std::is_same_v<T, bool>; });
    if (!is_number) continue;
    CAPTURE(field.key);
    for (const char* wrong :
         {"", "nan", "inf", "0x10", "1e999", "-1000000", "99999999999999999999", "5 ", "+5", "1,5"}) {
      CHECK_THROWS_AS(resolve({field.option(), wrong}), UsageError);
      if (kAddressSanitizer) break;  // for its time
    }
    CHECK_THROWS_AS(resolve({field.option() + "="}), UsageError);
  }
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
  CHECK_THROWS_WITH_AS(resolve({"--hidden", "0"}), "--hidden: 0 is too small; need a whole number from 2 to 65536",
                       UsageError);
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
  TrainConfig convolution = TrainConfig::toy_preset();
  CHECK(complaint_about(convolution, R"({"kernel_width": 5})") ==
        "kernel_width: 5 means nothing to a recurrent model; leave it at 3");
  convolution.architecture = Architecture::Convolution;
  CHECK(complaint_about(convolution, R"({"kernel_width": 5})").empty());
  CHECK(complaint_about(convolution, R"({"score": "dot"})") ==
        "score: dot means nothing to convolutions; leave it at additive");
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
    return options.resume(begun, "config.json");
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
  CHECK(nearest(std::string(100'000'000, 'a'), words).empty());  // at once
}
