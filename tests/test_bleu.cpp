#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/bleu.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr double kTolerance = 1e-9;

/// What sacreBLEU says, written by golden/make_bleu.py. GRADUS_GOLDEN_DIR is the folder.
const nlohmann::json& golden() {
  static const nlohmann::json values = nlohmann::json::parse(std::ifstream(GRADUS_GOLDEN_DIR "/bleu.json"));
  return values;
}

bool near(double a, double b) { return std::abs(a - b) <= kTolerance; }

double score_of(const std::string& hypothesis, const std::string& reference, BleuOptions options = {}) {
  return corpus_bleu(std::vector{hypothesis}, std::vector{reference}, options).score;
}

}

TEST_CASE("13a splits every golden line as sacreBLEU does") {
  REQUIRE(golden()["segments"].size() > 200);
  for (const auto& segment : golden()["segments"]) {
    const std::string line = segment["hypothesis"];
    CAPTURE(line);
    CHECK(bleu_words(line, BleuTokenizer::k13a) == segment["words"].get<std::vector<std::string>>());
  }
}

TEST_CASE("the score of a single segment is sacreBLEU's") {
  for (const auto& segment : golden()["segments"]) {
    const std::string hypothesis = segment["hypothesis"], reference = segment["reference"];
    CAPTURE(hypothesis);
    CAPTURE(reference);
    CHECK(near(score_of(hypothesis, reference), segment["score"]));
  }
}

TEST_CASE("corpus scores are sacreBLEU's for every tokeniser, case and number of references") {
  const auto& segments = golden()["segments"];
  for (const auto& corpus : golden()["corpora"]) {
    CAPTURE(corpus.dump());
    const bool is_13a = corpus["tokenizer"] == "13a";
    BleuCounts counts({is_13a ? BleuTokenizer::k13a : BleuTokenizer::kNone, corpus["lowercase"].get<bool>()});
    for (size_t i = corpus["first"]; i < corpus["last"].get<size_t>(); ++i) {
      std::vector<std::string> references{segments[i]["reference"]};
      if (corpus["references"] == 2) references.push_back(segments[i]["second"]);
      counts.add(segments[i]["hypothesis"].get<std::string>(), references);
    }
    const BleuScore score = counts.score();
    CHECK(near(score.score, corpus["score"]));
    for (size_t n = 0; n < score.precisions.size(); ++n) CHECK(near(score.precisions[n], corpus["precisions"][n]));
    CHECK(near(score.brevity_penalty, corpus["brevity_penalty"]));
    CHECK(score.system_length == corpus["system_length"]);
    CHECK(score.reference_length == corpus["reference_length"]);
  }
}

TEST_CASE("BLEU of a translation by hand") {
  // 6 of 7 words, 4 of 6 pairs, 2 of 5 triples and 1 of 4 quadruples match; 7 words against 8.
  const double expected = 100 * std::exp(1 - 8.0 / 7) * std::pow(6.0 / 7 * 4 / 6 * 2 / 5 * 1 / 4, 0.25);
  CHECK(score_of("a b c d x f g", "a b c d e f g h", {BleuTokenizer::kNone}) == doctest::Approx(expected));
  CHECK(score_of("The cat sat here.", "the CAT sat here.", {BleuTokenizer::k13a, true}) == doctest::Approx(100));
  CHECK(score_of("The cat sat here.", "the CAT sat here.") < 50);
}

TEST_CASE("the summary shows score, precisions and lengths") {
  const std::vector<std::string> hypotheses{"a b c d"}, references{"a b c d e"};
  CHECK(corpus_bleu(hypotheses, references).summary() ==
        "BLEU 77.88 100.0/100.0/100.0/100.0 (brevity penalty 0.779, 4 words, reference 5)");
}

TEST_CASE("hypotheses and references must correspond") {
  const std::vector<std::string> two{"a", "b"}, one{"a"};
  CHECK_THROWS_WITH_AS(corpus_bleu(two, one), "bleu: 2 hypotheses for 1 references; need one reference a hypothesis",
                       Error);
  CHECK_THROWS_AS(BleuCounts().add("a", {}), Error);
}
