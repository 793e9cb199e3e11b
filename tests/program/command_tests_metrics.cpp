#include <doctest/doctest.h>

#include "examples/translate/input/read_file.h"
#include "tests/program/command_tests.h"

namespace gradus::translate {

namespace {

/// Those of `evaluate` and `bleu`: with references of true, odd and poor translations.
std::vector<CommandTest> metric_tests(const Words& good, const Words& odd, const Words& poor, const Words& shortest) {
  const auto floor = joined(poor, {"--smooth", "floor"});
  const auto chrf = [](const Words& base) { return joined(base, {"--metrics", "chrf"}); };
  const auto ter = [](const Words& base) { return joined(base, {"--metrics", "ter"}); };
  return {
      {"metrics",
       good,
       {"--metrics", "ter", "chrf"},
       [](const Outputs& outputs) {
         CHECK(outputs.with.starts_with("TER "));
         CHECK(outputs.with.find("\nchrF2 ") != std::string::npos);
         CHECK(outputs.with.find("BLEU") == std::string::npos);
       }},
      {"lowercase", odd, {"--lowercase"}},
      {"bootstrap", good, {"--bootstrap", "50"}},
      {"seed",
       joined(good, {"--bootstrap", "50"}),
       {"--seed", "2"},
       [](const Outputs& outputs) {  // the interval itself, not only the seed in the signature
         const auto interval = [](const std::string& text) { return text.substr(0, text.find(" in 95 %")); };
         CHECK(outputs.with.find(" in 95 %") != std::string::npos);
         CHECK(interval(outputs.with) != interval(outputs.without));
       }},
      {"tokenize", odd, {"--tokenize", "none"}},
      {"tokenize", odd, {"--tokenize", "intl"}},
      {"tokenize", odd, {"--tokenize", "char"}},
      {"smooth",
       poor,
       {"--smooth", "none"},
       [](const Outputs& outputs) { CHECK(outputs.with.find("BLEU 0.00") != std::string::npos); }},
      {"smooth", poor, {"--smooth", "floor"}},
      {"smooth", poor, {"--smooth", "add-k"}},
      {"smooth-value", floor, {"--smooth-value", "0.5"}},
      {"max-order", good, {"--max-order", "2"}},
      {"char-order", chrf(good), {"--char-order", "3"}},
      {"word-order", chrf(good), {"--word-order", "2"}},
      {"beta", chrf(odd), {"--beta", "3"}},
      {"whitespace", chrf(good), {"--whitespace"}},
      {"epsilon", chrf(shortest), {"--epsilon"}},
      {"normalized", ter(odd), {"--normalized"}},
      {"no-punct", joined(ter(odd), {"--normalized"}), {"--no-punct"}},
      {"asian-support", joined(ter(odd), {"--normalized"}), {"--asian-support"}},
      {"case-sensitive", ter(odd), {"--case-sensitive"}},
  };
}

/// Options of the search, which show in the scores of its translations.
std::vector<CommandTest> search_tests(const Words& good) {
  return {
      {"beam", good, {"--beam", "1"}},
      {"stop", joined(good, {"--length-power", "2"}), {"--stop", "first"}},
      {"min-length", good, {"--min-length", "12"}},
      {"max-length", good, {"--max-length", "4"}},
      {"min-length-ratio", good, {"--min-length-ratio", "2"}},
      {"max-length-ratio", good, {"--max-length-ratio", "0.5"}},
      {"no-repeat-ngram", good, {"--no-repeat-ngram", "1"}},
      {"length-penalty", joined(good, {"--length-power", "1.5", "--beam", "20"}), {"--length-penalty", "wu"}},
      {"length-power", good, {"--length-power", "3"}},
      {"coverage-penalty", good, {"--coverage-penalty", "5"}},
  };
}

}

std::vector<CommandTest> evaluate_tests() {
  const TrainedToy& toy = trained_toy();
  const auto on = [&](const std::string& source, const std::string& reference) {
    return Words{"evaluate", "--model", toy.a, "--test", command_texts().file(source), command_texts().file(reference)};
  };
  const Words good = on("source", "target");
  std::vector<CommandTest> tests = metric_tests(good, on("source", "odd"), on("source", "poor"), on("one", "short"));
  const std::vector<CommandTest> others = {
      {"model",
       {"evaluate", "--test", command_texts().file("source"), command_texts().file("target"), "--model", toy.a},
       {"--model", toy.b},
       {},
       true},
      {"ensemble",
       {"evaluate", "--test", command_texts().file("source"), command_texts().file("target"), "--model", toy.a, toy.b},
       {"--ensemble"},
       [](const Outputs& outputs) {
         const auto scores = [](const std::string& output) {
           const auto lines = lines_of(output);
           return std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("BLEU "); });
         };
         CHECK(scores(outputs.without) == 2);
         CHECK(scores(outputs.with) == 1);
       }},
      {"test",
       good,
       {command_texts().file("poor")},
       [](const Outputs& outputs) { CHECK(outputs.with.find("nrefs:2") != std::string::npos); }},
      {"alignments",
       good,
       {"--alignments", command_texts().file("links")},
       [](const Outputs& outputs) { CHECK(outputs.with.find("\nAER ") != std::string::npos); }},
      {"by-length",
       good,
       {"--by-length"},
       [](const Outputs& outputs) { CHECK(outputs.with.find("\n  6 to 10 ") != std::string::npos); }},
      {"bin-width",
       joined(good, {"--by-length"}),
       {"--bin-width", "1"},
       [](const Outputs& outputs) { CHECK(outputs.with.find("\n  7 ") != std::string::npos); }},
      force_test(joined(good, {"--by-length", "--svg"}), "taken.svg"),
      {"svg",
       joined(good, {"--by-length"}),
       {"--svg", command_texts().file("lengths.svg")},
       [](const Outputs&) {
         CHECK(read_file(command_texts().file("lengths.svg")).find("</svg>") != std::string::npos);
       }},
      {"threads", joined(good, {"--threads", "1"}), {"--threads", "3"}, check_threads, true, false},
  };
  for (const auto& more : {others, search_tests(good)}) tests.insert(tests.end(), more.begin(), more.end());
  return tests;
}

std::vector<CommandTest> compare_tests() {
  const TrainedToy& toy = trained_toy();
  const auto on = [&](const std::string& source, const std::string& reference) {
    return Words{"compare", toy.a, toy.b, "--test", command_texts().file(source), command_texts().file(reference)};
  };
  const Words good = on("source", "target");
  std::vector<CommandTest> tests = metric_tests(good, on("source", "odd"), on("source", "poor"), on("one", "short"));
  for (CommandTest& test : tests) test.check = nullptr;  // which know the output of evaluate and bleu
  const std::string page = command_texts().file("comparison.html");
  const std::vector<CommandTest> others = {
      {"models",
       {"compare", "--test", command_texts().file("source"), command_texts().file("target"), "--sentences", "3", toy.a,
        toy.b},
       {command_texts().file("b")},
       [](const Outputs& outputs) {
         CHECK(outputs.with.find("\nB  " + command_texts().file("b") + "\n") != std::string::npos);
       },
       true},
      {"test", good, {command_texts().file("poor")}},
      {"sentences",
       good,
       {"--sentences", "2"},
       [](const Outputs& outputs) {
         const auto shown = [](const std::string& text) {
           return std::ranges::count_if(lines_of(text),
                                        [](const std::string& line) { return line.starts_with("line "); });
         };
         CHECK(shown(outputs.without) == 5);
         CHECK(shown(outputs.with) == 2);
       }},
      {"out",
       good,
       {"--out", page},
       [](const Outputs& outputs) {
         CHECK(outputs.with.starts_with(outputs.without));
         CHECK(read_file(command_texts().file("comparison.html")).ends_with("</html>\n"));
       }},
      force_test(joined(good, {"--out"}), "taken_comparison.html"),
      {"metrics",
       good,
       {"--metrics", "chrf"},
       [](const Outputs& outputs) {
         CHECK(outputs.without.find("\nWhere BLEU differs most:\n") != std::string::npos);
         CHECK(outputs.with.find("\nWhere chrF2 differs most:\n") != std::string::npos);
         CHECK(outputs.with.find("BLEU") == std::string::npos);
       }},
      {"seed",
       good,
       {"--seed", "2"},
       [](const Outputs& outputs) {  // the intervals themselves, not only the seed in the signature
         const auto rows = [](const std::string& text) { return text.substr(0, text.find("nrefs")); };
         CHECK(rows(outputs.with) != rows(outputs.without));
       }},
      {"threads", joined(good, {"--threads", "1"}), {"--threads", "3"}, check_threads, true, false},
  };
  for (const auto& more : {others, search_tests(good)}) tests.insert(tests.end(), more.begin(), more.end());
  return tests;
}

std::vector<CommandTest> aer_tests() {
  const Words base = {"aer", command_texts().file("links"), command_texts().file("links")};
  return {{"hyp", base, {command_texts().file("no_links"), command_texts().file("links")}, {}, true},
          {"ref", base, {command_texts().file("no_links")}, {}, true}};
}

std::vector<CommandTest> bleu_tests() {
  const auto on = [&](const std::string& hypotheses, const std::string& reference) {
    return Words{"bleu", command_texts().file(hypotheses), command_texts().file(reference)};
  };
  const Words good = on("a", "target"), compared = joined(good, {"--baseline", command_texts().file("b")});
  std::vector<CommandTest> tests = metric_tests(good, on("a", "odd"), on("a", "poor"), on("short", "short"));
  const std::vector<CommandTest> others = {
      {"hyp", good, {command_texts().file("b"), command_texts().file("target")}, {}, true},
      {"ref",
       good,
       {command_texts().file("odd")},
       [](const Outputs& outputs) { CHECK(outputs.with.find("nrefs:2") != std::string::npos); }},
      {"baseline",
       good,
       {"--baseline", command_texts().file("b")},
       [](const Outputs& outputs) { CHECK(outputs.with.find(command_texts().file("b")) != std::string::npos); }},
      {"systems",
       good,
       {"--systems", command_texts().file("b")},
       [](const Outputs& outputs) { CHECK(outputs.with.find(command_texts().file("b")) != std::string::npos); }},
      {"paired", compared, {"--paired", "bootstrap"}},
      {"paired", compared, {"--paired", "randomisation"}},
      {"trials", joined(compared, {"--paired", "randomisation"}), {"--trials", "7"}},
      {"sentences", good, {"--sentences"}, [](const Outputs& outputs) { CHECK(lines_of(outputs.with).size() == 30); }},
      {"json", good, {"--json"}, [](const Outputs& outputs) { CHECK(Json::parse(outputs.with).size() == 1); }},
  };
  tests.insert(tests.end(), others.begin(), others.end());
  return tests;
}

}
