#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "examples/translate/base/join_words.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/config/presets.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/safetensors.h"
#include "tests/program/command_tests.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

bool exists(const std::string& path) { return std::filesystem::exists(path); }

std::vector<CommandTest> average_tests() {
  const TrainedToy& toy = trained_toy();
  const CommandTexts& texts = command_texts();
  const Words made = {"average", toy.a, "--out", texts.file("mean")};
  const Words again = {"average", toy.a, "--force", "--out", texts.file("mean")};
  run_program(again);
  return {
      {"model", {"average", "--force", "--out", texts.file("mean"), toy.a}, {toy.b}, {}, true},
      {"out",
       again,
       {"--out", texts.file("elsewhere")},
       [](const Outputs&) { CHECK(exists(command_texts().file("elsewhere") + "/model.safetensors")); },
       true},
      {"last",
       again,
       {"--last", "1"},
       [](const Outputs&) {
         const auto mean = load_translator(command_texts().file("mean"));
         const std::vector<Real> values = all_values(mean->model);
         load(mean->model, kept_epochs(trained_toy().a).back());
         CHECK(all_values(mean->model) == values);
       }},
      {"force",
       made,
       {"--force"},
       [](const Outputs& outputs) {
         CHECK(outputs.without.ends_with("holds a model already; --force replaces it\n"));
         CHECK(outputs.with.ends_with("holds the mean of 3 epochs\n"));
       }},
  };
}

std::vector<CommandTest> info_tests() {
  const TrainedToy& toy = trained_toy();
  return {{"model", {"info", "--model", toy.a}, {"--model", toy.b}, {}, true}};
}

std::vector<CommandTest> report_tests() {
  const TrainedToy& toy = trained_toy();
  const std::string page = command_texts().file("page.html");
  return {
      {"model",
       {"report", "--out", page, toy.a},
       {toy.b},
       [](const Outputs& outputs) {
         const std::string of_b = read_file(command_texts().file("page.html"));
         run_program(outputs.without_words);
         CHECK(read_file(command_texts().file("page.html")) != of_b);
       },
       true,
       false},
      {"out",
       {"report", toy.a},
       {"--out", page},
       [](const Outputs&) { CHECK(exists(command_texts().file("page.html"))); }},
      force_test({"report", toy.a, "--out"}, "taken_page.html"),
  };
}

std::vector<CommandTest> toy_tests() {
  return {{"folder",
           {"toy", command_texts().file("toy-1")},
           {command_texts().file("toy-2")},
           [](const Outputs&) {
             for (const char* name : {"train", "valid", "test", "test_long"}) {
               CHECK(exists(command_texts().file("toy-2/") + name + ".align"));
             }
           },
           true},
          {"force", {"toy", command_texts().folder.path()}, {"--force"}, [](const Outputs& outputs) {
             CHECK(outputs.without.ends_with("need an empty one or a new one, or --force\n"));
             CHECK(exists(command_texts().file("train.align")));
           }}};
}

std::vector<CommandTest> presets_tests() {
  return {{"preset", {"presets"}, {"luong"}, [](const Outputs& outputs) {
             TrainConfig config;
             read_config_text("output", outputs.with, config);  // it is a configuration
             CHECK(config.attention.score == ScoreKind("general"));
             CHECK(config.halve_after == 8);
             CHECK(lines_of(outputs.without).size() > presets().size());
           }}};
}

std::map<std::string, std::vector<CommandTest>> all_tests() {
  return {{"translate", translate_tests()},
          {"score", score_tests()},
          {"evaluate", evaluate_tests()},
          {"compare", compare_tests()},
          {"bleu", bleu_tests()},
          {"aer", aer_tests()},
          {"average", average_tests()},
          {"attend", attend_tests()},
          {"explain", explain_tests()},
          {"flow", flow_tests()},
          {"info", info_tests()},
          {"report", report_tests()},
          {"toy", toy_tests()},
          {"presets", presets_tests()}};
}

}

namespace gradus::translate {

CommandTexts::CommandTexts() {
  const TrainedToy& toy = trained_toy();
  std::string target, odd, poor, links;
  for (std::size_t i = 0; i < 30; ++i) {
    const ParallelText& from = i < 24 ? toy.test : toy.names;
    std::string line = from.target[i];
    input += from.source[i] + '\n';
    target += line + '\n';
    links += "0-0 1?0\n";
    poor += std::string(split_words(line)[0]) + " x y z w\n";
    line[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(line[0])));
    odd += line + "-ci, 中文字.\n";
  }
  const auto write = [&](const char* name, const std::string& text) { write_file_atomically(file(name), text); };
  write("source", input);
  write("target", target);
  write("odd", odd);
  write("poor", poor);
  write("links", links);
  write("no_links", std::string(30, '\n'));
  write("short", "ab\n");
  write("one", lines_of(input)[0] + "\n");
  write("a", run_program({"translate", "--model", toy.a}, input));
  write("b", run_program({"translate", "--model", toy.b, "--max-length", "4"}, input));
}

const CommandTexts& command_texts() {
  static const CommandTexts texts;
  return texts;
}

Words joined(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end == std::string::npos ? end : end + 1;
  }
  return lines;
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> result;
  for (const std::string& line : lines_of(text)) result.push_back(Json::parse(line));
  return result;
}

std::size_t word_count(const std::string& line) { return split_words(line).size(); }

std::string output_of(const Words& words) {
  try {
    std::string output;
    for (const std::string& line : lines_of(run_program(words, command_texts().input))) {
      if (line.find(" sentences in ") == std::string::npos) output += line + '\n';
    }
    return output;
  } catch (const Error& error) {
    return fmt::format("gradus: {}\n", error.what());
  }
}

CommandTest force_test(const Words& words, const std::string& file) {
  const std::string path = command_texts().file(file);
  write_file_atomically(path, "of a stranger");
  return {"force", joined(words, {path}), {"--force"}, [](const Outputs& outputs) {
            CHECK(outputs.without.ends_with(" is there already; --force replaces it\n"));
            CHECK(read_file(outputs.without_words.back()) != "of a stranger");
          }};
}

void check_threads(const Outputs& outputs) {
  CHECK(threads_of_program(outputs.without_words, command_texts().input, 1) == 1);
  CHECK(threads_of_program(outputs.with_words, command_texts().input, 3) == 3);
}

}

TEST_CASE("commands: there is a test of every option of every command") {
  std::map<std::string, std::set<std::string>> tested;
  for (const auto& [command, tests] : all_tests()) {
    for (const CommandTest& test : tests) tested[command].insert(test.option);
  }
  for (const Command& command : tested_commands()) {
    std::set<std::string>& names = tested[command.name];
    for (const Option& option : command.options) {
      const std::string name = option.name();
      CHECK_MESSAGE(names.contains(name), "without a test: ", std::string(command.name), " ", name);
      names.erase(name);
    }
    for (const std::string& name : names) FAIL_CHECK("no such option: ", std::string(command.name), " ", name);
  }
}

TEST_CASE("commands: each option does what it says, and would be missed") {
  for (const auto& [command, tests] : all_tests()) {
    for (const CommandTest& test : tests) {
      const std::string in_command = command;
      CAPTURE(in_command);
      CAPTURE(test.option);
      const std::string words = join_words(test.words);
      CAPTURE(words);
      Outputs outputs{test.base, test.base, {}, {}};
      if (test.replaces) outputs.with_words.resize(test.base.size() - test.words.size());
      outputs.with_words = joined(outputs.with_words, test.words);
      outputs.without = output_of(outputs.without_words);
      outputs.with = output_of(outputs.with_words);
      CHECK((outputs.without != outputs.with) == test.changes);
      if (test.check != nullptr) test.check(outputs);
    }
  }
}
