#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "examples/translate/input/read_file.h"
#include "nn/storage/atomic_file.h"
#include "tests/program/command_tests.h"

namespace gradus::translate {

namespace {

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

/// How many lines there are from one that is `head` alone to the end.
std::size_t lines_after(const std::string& text, const std::string& head) {
  const std::vector<std::string> lines = lines_of(text);
  return lines.end() - std::find(lines.begin(), lines.end(), head);
}

bool page_has(const char* text) { return read_file(command_texts().file("step.html")).find(text) != std::string::npos; }

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
         CHECK(std::stod(score) < 0);
         CHECK(page_shows(fmt::format("[\"log P of the translation\",\"−{:.4f}\"]", -std::stod(score))));
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
      force_test({"attend", "--model", toy.a, "the woman", "--out"}, "taken_map.svg"),
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
      force_test(joined(plain, {"--out"}), "taken_step.html"),
      {"untrained",
       joined(plain, {"--target", "la femme"}),
       {"--untrained"},
       [](const Outputs& outputs) {
         CHECK(lines_of(outputs.with)[1] == lines_of(outputs.without)[1]);
         CHECK(lines_of(outputs.with)[2] != lines_of(outputs.without)[2]);  // the loss
       }},
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
         CHECK(outputs.with.find(trained_toy().a + ", untrained: 1 step before a word ") != std::string::npos);
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
      force_test(joined(plain, {"--out"}), "taken_flow.html"),
  };
}

}
