#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "examples/translate/input/read_file.h"
#include "examples/translate/text/unicode.h"
#include "tests/program/command_tests.h"
#include "tests/program/training_run.h"

namespace gradus::translate {

namespace {

std::string translated(const Words& words) {
  return run_program(joined({"translate", "--model", trained_toy().a}, words), command_texts().input);
}

/// Σ over all lines of a number in JSON.
double total(const std::string& text, const char* key) {
  double sum = 0;
  for (const Json& line : json_lines(text)) sum += line[key].as<double>();
  return sum;
}

/// Calls check(object, line) for each object of `--json` and the line that stands in its place without the option.
template <class Check>
void each_object(const Outputs& outputs, Check check) {
  const std::vector<std::string> lines = lines_of(outputs.without);
  const std::vector<Json> objects = json_lines(outputs.with);
  REQUIRE(objects.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) check(objects[i], lines[i]);
}

bool repeats(const std::string& line) {
  const auto words = split_words(line);
  return std::set<std::string_view>(words.begin(), words.end()).size() < words.size();
}

void check_greedy(const Outputs& outputs) { CHECK(outputs.with == translated({"--beam", "1"})); }

/// Checks every line's score against the formula of its log-probability, its length with </s>, and its attention.
template <class Formula>
void check_scores(const std::string& text, Formula expected) {
  for (const Json& line : json_lines(text)) {
    const double length = static_cast<double>(line["tokens"].size() + 1);
    CHECK(line["score"].as<double>() ==
          doctest::Approx(expected(line["log_probability"].as<double>(), length, line)).epsilon(1e-4));
  }
}

double coverage_of(const Json& line) {
  double sum = 0;
  for (std::size_t j = 0; j < line["source_tokens"].size(); ++j) {
    double attended = 0;
    for (const Json& row : line["attention"].items()) attended += row[j].as<double>();
    sum += std::log(std::min(attended, 1.0));
  }
  return sum;
}

/// A model that reads on while it writes, after one epoch.
const std::string& simultaneous_model() {
  static const TrainingRun run = [] {
    TrainConfig config = trained_toy_config();
    config.epochs = 1;
    config.attention.scope = "wait-k";
    config.wait_k = 2;
    config.bidirectional = false;
    config.bridge = Bridge::Zero;
    return TrainingRun(config);
  }();
  static const std::string path = run.folder.path();
  return path;
}

}

std::vector<CommandTest> translate_tests() {
  const TrainedToy& toy = trained_toy();
  const Words plain = {"translate", "--model", toy.a}, sampled = joined(plain, {"--sample"});
  const Words as_json = joined(plain, {"--json"});
  return {
      {"model",
       as_json,
       {"--model", toy.b},
       [](const Outputs& outputs) {
         const Words alone = {"translate", "--json", "--model", trained_toy().b};
         CHECK(total(run_program(alone, command_texts().input), "score") != total(outputs.with, "score"));
       }},
      {"file",
       plain,
       {command_texts().file("one"), command_texts().file("source")},
       [](const Outputs& outputs) { CHECK(outputs.with == lines_of(outputs.without)[0] + '\n' + outputs.without); }},
      {"out",
       plain,
       {"--out", command_texts().file("translated")},
       [](const Outputs& outputs) {
         CHECK(outputs.with.empty());
         CHECK(read_file(command_texts().file("translated")) == outputs.without);
       }},
      force_test(joined(plain, {"--out"}), "translation.txt"),
      {"threads", joined(plain, {"--threads", "1"}), {"--threads", "3"}, check_threads, true, false},
      {"n-best",
       plain,
       {"--n-best", "3"},
       [](const Outputs& outputs) {
         const std::vector<std::string> lines = lines_of(outputs.with);
         CHECK(lines.size() == 90);
         CHECK(lines[89].starts_with("29 ||| "));
       }},
      {"alignments",
       plain,
       {"--alignments"},
       [](const Outputs& outputs) {
         for (const std::string& line : lines_of(outputs.with)) CHECK(line.find(" ||| 0-0") != std::string::npos);
       }},
      {"json",
       plain,
       {"--json"},
       [](const Outputs& outputs) {
         each_object(outputs, [](const Json& object, const std::string& line) {
           CHECK(object["translation"].as<std::string>() == line);
         });
       }},
      {"attention",
       as_json,
       {"--attention"},
       [](const Outputs& outputs) {
         for (const Json& line : json_lines(outputs.with)) {
           REQUIRE(line["attention"].size() == line["tokens"].size() + 1);
           for (const Json& row : line["attention"].items()) {
             REQUIRE(row.size() == line["source_tokens"].size() + 1);
             double sum = 0;
             for (const Json& weight : row.items()) sum += weight.as<double>();
             CHECK(sum == doctest::Approx(1).epsilon(1e-4));
           }
         }
       }},
      {"replace-unknown",
       plain,
       {"--replace-unknown"},
       [](const Outputs& outputs) {
         const auto digits = "0123456789";
         CHECK(outputs.without.find_first_of(digits) == std::string::npos);
         CHECK(outputs.with.find_first_of(digits) != std::string::npos);
       }},
      {"dictionary",
       joined(plain, {"--replace-unknown"}),
       {"--dictionary", toy.dictionary},
       [](const Outputs& outputs) {
         CHECK(outputs.without.find("Monsieur n") == std::string::npos);
         CHECK(outputs.with.find("Monsieur n") != std::string::npos);
       }},
      {"live",
       {"translate", "--model", simultaneous_model()},
       {"--live"},
       [](const Outputs& outputs) {
         const Words greedy = {"translate", "--model", simultaneous_model(), "--beam", "1"};
         CHECK(outputs.with == run_program(greedy, command_texts().input));
       }},
      {"beam",
       as_json,
       {"--beam", "1"},
       [](const Outputs& outputs) { CHECK(total(outputs.with, "score") < total(outputs.without, "score")); }},
      {"stop",
       joined(as_json, {"--length-power", "2"}),
       {"--stop", "first"},
       [](const Outputs& outputs) { CHECK(total(outputs.with, "score") < total(outputs.without, "score")); }},
      {"min-length",
       plain,
       {"--min-length", "12"},
       [](const Outputs& outputs) {
         for (const std::string& line : lines_of(outputs.with)) CHECK(word_count(line) >= 12);
       }},
      {"max-length",
       plain,
       {"--max-length", "4"},
       [](const Outputs& outputs) {
         for (const std::string& line : lines_of(outputs.with)) CHECK(word_count(line) <= 4);
       }},
      {"min-length-ratio",
       plain,
       {"--min-length-ratio", "2"},
       [](const Outputs& outputs) {
         const auto source = lines_of(command_texts().input), lines = lines_of(outputs.with);
         for (std::size_t i = 0; i < lines.size(); ++i) CHECK(word_count(lines[i]) >= 2 * word_count(source[i]));
       }},
      {"max-length-ratio",
       plain,
       {"--max-length-ratio", "0.5"},
       [](const Outputs& outputs) {
         const auto source = lines_of(command_texts().input), lines = lines_of(outputs.with);
         for (std::size_t i = 0; i < lines.size(); ++i) CHECK(word_count(lines[i]) <= (word_count(source[i]) + 1) / 2);
       }},
      {"no-repeat-ngram",
       plain,
       {"--no-repeat-ngram", "1"},
       [](const Outputs& outputs) {
         CHECK(std::ranges::any_of(lines_of(outputs.without), repeats));
         CHECK(std::ranges::none_of(lines_of(outputs.with), repeats));
       }},
      {"length-penalty",
       joined(as_json, {"--length-power", "1"}),
       {"--length-penalty", "wu"},
       [](const Outputs& outputs) {
         check_scores(outputs.without, [](double log_p, double length, const Json&) { return log_p / length; });
         check_scores(outputs.with,
                      [](double log_p, double length, const Json&) { return log_p / ((5 + length) / 6); });
       }},
      {"length-power",
       as_json,
       {"--length-power", "0.5"},
       [](const Outputs& outputs) {
         check_scores(outputs.with, [](double log_p, double length, const Json&) { return log_p / std::sqrt(length); });
       }},
      {"coverage-penalty",
       joined(as_json, {"--attention", "--length-power", "1"}),
       {"--coverage-penalty", "0.5"},
       [](const Outputs& outputs) {
         check_scores(outputs.with, [](double log_p, double length, const Json& line) {
           return log_p / length + 0.5 * coverage_of(line);
         });
       }},
      {"sample",
       as_json,
       {"--sample"},
       [](const Outputs& outputs) {
         CHECK(total(outputs.with, "log_probability") < total(outputs.without, "log_probability"));
       }},
      {"temperature", sampled, {"--temperature", "0.001"}, check_greedy},
      {"top-k", sampled, {"--top-k", "1"}, check_greedy},
      {"top-p", sampled, {"--top-p", "0.001"}, check_greedy},
      {"seed",
       sampled,
       {"--seed", "2"},
       [](const Outputs& outputs) {
         CHECK(outputs.without == translated({"--sample", "--seed", "1"}));
         CHECK(outputs.with == translated({"--sample", "--seed", "2"}));
       }},
  };
}

std::vector<CommandTest> score_tests() {
  const TrainedToy& toy = trained_toy();
  const std::string source = command_texts().file("source"), target = command_texts().file("target");
  const Words plain = {"score", source, target, "--model", toy.a};
  return {
      {"model", plain, {"--model", toy.b}},
      {"source", {"score", "--model", toy.a, source, target}, {target, target}, {}, true},
      {"target", {"score", "--model", toy.a, source, target}, {source}, {}, true},
      {"tokens",
       plain,
       {"--tokens"},
       [](const Outputs& outputs) {
         const auto targets = read_lines(command_texts().file("target")), lines = lines_of(outputs.with);
         for (std::size_t i = 0; i < lines.size(); ++i)
           CHECK(word_count(lines[i]) == 1 + 2 * (word_count(targets[i]) + 1));
       }},
      {"json",
       plain,
       {"--json"},
       [](const Outputs& outputs) {
         each_object(outputs, [](const Json& object, const std::string& line) {
           CHECK(object["log_probability"].as<double>() == doctest::Approx(std::stod(line)).epsilon(1e-5));
         });
       }},
      {"threads", joined(plain, {"--threads", "1"}), {"--threads", "3"}, check_threads, true, false},
  };
}

}
