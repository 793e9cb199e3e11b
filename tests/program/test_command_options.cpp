#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "examples/translate/base/join_words.h"
#include "examples/translate/base/read_file.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/safetensors.h"
#include "tests/program/command_tests.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

/// What a command writes, without the line that says how long it took.
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

/// The first sentence that is translated otherwise with these options than without; it is the same in `attend`.
std::string sentence_for(const Words& base, const Words& options) {
  const Words plain = joined({"translate", "--model", trained_toy().a}, base);
  const std::vector<std::string> lines = lines_of(command_texts().input);
  const auto without = lines_of(output_of(plain)), with = lines_of(output_of(joined(plain, options)));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (with[i] != without[i]) return lines[i];
  }
  return "no such sentence";
}

/// The first line is the translation that `translate` gives with the same options.
void check_attend_translates(const Outputs& outputs) {
  Words words = outputs.with_words;
  words[0] = "translate";
  const std::string sentence = words[3];
  words.erase(words.begin() + 3);
  CHECK(lines_of(outputs.with)[0] + "\n" == run_program(words, sentence));
}

CommandTest attend_search_test(const std::string& option, const std::string& value, const Words& base = {}) {
  const Words words = {"--" + option, value};
  const Words attend = {"attend", "--model", trained_toy().a, sentence_for(base, words)};
  return {option, joined(attend, base), words, check_attend_translates};
}

/// Whether this stands in the page that the last command wrote.
bool page_shows(const std::string& text) {
  return read_file(command_texts().file("translation.html")).find(text) != std::string::npos;
}

std::vector<CommandTest> attend_tests() {
  const TrainedToy& toy = trained_toy();
  const std::string picture = command_texts().file("map.svg"), page = command_texts().file("translation.html");
  return {
      {"model", {"attend", "the woman ate the apples", "--model", toy.a}, {"--model", toy.b}, {}, true},
      {"sentence", {"attend", "--model", toy.a, "the man"}, {"the woman"}, {}, true},
      {"out",
       {"attend", "--model", toy.a, "the woman"},
       {"--out", picture},
       [](const Outputs&) { CHECK(read_file(command_texts().file("map.svg")).find("</svg>") != std::string::npos); }},
      {"out",
       {"attend", "--model", toy.a, "the woman"},
       {"--out", page},
       [](const Outputs& outputs) {
         CHECK(page_shows("[\"source\",\"the woman\"]"));
         CHECK(page_shows("\"tree\":{\"beam\":5,"));
         CHECK(!page_shows("\"saliency\":"));
         CHECK(lines_of(outputs.with)[0] == lines_of(outputs.without)[0]);
         const std::string texts = command_texts().file("");
         write_file_atomically(texts + "shown.en", "the woman\n");
         write_file_atomically(texts + "shown.fr", lines_of(outputs.with)[0] + "\n");
         const std::string score =
             run_program({"score", "--model", trained_toy().a, texts + "shown.en", texts + "shown.fr"});
         CHECK(lines_of(outputs.with)[1] == fmt::format("log P {:.4f}", std::stod(score)));
         CHECK(page_shows(fmt::format("[\"log P of the translation\",\"{:.4f}\"]", std::stod(score))));
       }},
      {"model",
       {"attend", "the woman", "--out", page, "--model", toy.a},
       {toy.b},
       [](const Outputs& outputs) {
         CHECK(lines_of(outputs.with)[2].ends_with(" by " + trained_toy().b));
         CHECK(page_shows("\"name\":\"" + trained_toy().b));
       }},
      {"target",
       {"attend", "--model", toy.a, "the woman"},
       {"--target", "la femme"},
       [](const Outputs& outputs) { CHECK(lines_of(outputs.with)[0] == "la femme"); }},
      {"saliency",
       {"attend", "--model", toy.a, "the woman", "--out", page},
       {"--saliency"},
       [](const Outputs&) { CHECK(page_shows("\"saliency\":[")); },
       false,
       false},
      attend_search_test("beam", "1"),
      attend_search_test("stop", "first", {"--length-power", "2"}),
      attend_search_test("min-length", "12"),
      attend_search_test("max-length", "4"),
      attend_search_test("min-length-ratio", "2"),
      attend_search_test("max-length-ratio", "0.5"),
      attend_search_test("no-repeat-ngram", "1"),
      attend_search_test("length-penalty", "wu", {"--length-power", "1.5", "--beam", "20"}),
      attend_search_test("length-power", "3"),
      attend_search_test("coverage-penalty", "5"),
  };
}

/// How many lines there are from one that is `head` alone to the end.
std::size_t lines_after(const std::string& text, const std::string& head) {
  const std::vector<std::string> lines = lines_of(text);
  return lines.end() - std::find(lines.begin(), lines.end(), head);
}

bool page_has(const char* text) { return read_file(command_texts().file("step.html")).find(text) != std::string::npos; }

std::vector<CommandTest> explain_tests() {
  const TrainedToy& toy = trained_toy();
  const Words plain = {"explain", "--model", toy.a, "the man"};
  const std::string page = command_texts().file("step.html");
  return {
      {"model", {"explain", "the man", "--model", toy.a}, {"--model", toy.b}, {}, true},
      {"sentence", plain, {"the woman"}, {}, true},
      {"target",
       plain,
       {"--target", "la femme"},
       [](const Outputs& outputs) {
         CHECK(lines_of(outputs.with)[1] == "target  la femme");
         const Words translate = {"translate", "--model", trained_toy().a};
         CHECK(lines_of(outputs.without)[1] + "\n" == "target  " + run_program(translate, "the man\n"));
       }},
      {"out",
       plain,
       {"--out", page},
       [](const Outputs&) { CHECK(page_has("\"leaf\":\"decoder.attention.score.weight\"")); }},
      {"check-seconds",
       joined(plain, {"--out", page}),
       {"--check-seconds", "0"},
       [](const Outputs&) { CHECK(page_has("\"checks\":[]")); },
       false,
       false},
      {"unfused",
       plain,
       {"--unfused"},
       [](const Outputs& outputs) {
         CHECK(lines_of(outputs.with)[2] == lines_of(outputs.without)[2]);  // the loss
         CHECK(outputs.without.find(" lstm_cell ") != std::string::npos);
         CHECK(outputs.with.find(" lstm_cell ") == std::string::npos);
         CHECK(outputs.with.find(" sigmoid ") != std::string::npos);
       }},
      {"values",
       plain,
       {"--values", "0"},
       [](const Outputs& outputs) {
         CHECK(outputs.without.find(" () = ") == std::string::npos);
         CHECK(outputs.without.find(" () <- ") != std::string::npos);
         CHECK(lines_after(outputs.with, "backward") == lines_after(outputs.without, "backward"));
       }},
      {"all",
       plain,
       {"--all"},
       [](const Outputs& outputs) {
         CHECK(outputs.without.find(" times more the ") != std::string::npos);
         CHECK(outputs.with.find(" times more the ") == std::string::npos);
       }},
  };
}

std::vector<CommandTest> flow_tests() {
  const TrainedToy& toy = trained_toy();
  const CommandTexts& texts = command_texts();
  const Words test = {"--test", texts.file("source"), texts.file("target")}, few = {"--sentences", "2"};
  const Words plain = joined(joined({"flow", "--model", toy.a}, test), few);
  const std::string page = texts.file("flow.html");
  return {
      {"model",
       joined({"flow"}, joined(joined(few, test), {"--model", toy.a})),
       {toy.b},
       [](const Outputs& outputs) { CHECK(outputs.with.find("  " + trained_toy().b) != std::string::npos); }},
      {"test", joined({"flow", "--model", toy.a}, test), {"--test", texts.file("one"), texts.file("short")}, {}, true},
      {"sentences",
       plain,
       {"3"},
       [](const Outputs& outputs) {
         CHECK(outputs.without.starts_with("sentence pairs: the first 2 of "));
         CHECK(outputs.with.starts_with("sentence pairs: the first 3 of "));
       },
       true},
      {"untrained",
       plain,
       {"--untrained"},
       [](const Outputs& outputs) {
         CHECK(outputs.with.find(trained_toy().a + ", untrained: at ") != std::string::npos);
         CHECK(outputs.without.find(", untrained") == std::string::npos);
       }},
      {"out",
       plain,
       {"--out", page},
       [](const Outputs& outputs) {
         const std::string text = read_file(command_texts().file("flow.html"));
         CHECK(text.ends_with("</html>\n"));
         CHECK(text.find("\"numbers\":\"") != std::string::npos);
         CHECK(outputs.with.find("  distance  ") == std::string::npos);  // no tables, but the same sentences
         CHECK(outputs.without.find(lines_of(outputs.with)[0]) != std::string::npos);
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
           true}};
}

std::map<std::string, std::vector<CommandTest>> all_tests() {
  return {{"translate", translate_tests()}, {"score", score_tests()},     {"evaluate", evaluate_tests()},
          {"bleu", bleu_tests()},           {"aer", aer_tests()},         {"average", average_tests()},
          {"attend", attend_tests()},       {"explain", explain_tests()}, {"flow", flow_tests()},
          {"info", info_tests()},           {"report", report_tests()},   {"toy", toy_tests()}};
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
      CAPTURE(command);
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
