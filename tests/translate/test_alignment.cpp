#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "autograd/error.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/metrics/alignment_error.h"
#include "examples/translate/report/alignment_report.h"
#include "examples/translate/search/scoring.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/text/word_tokenizer.h"
#include "examples/translate/text/word_weights.h"
#include "examples/translate/translator/attention_alignment.h"
#include "nn/storage/atomic_file.h"
#include "ops/gemm/thread_pool.h"
#include "tests/support/temporary_folder.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;
using Links = std::vector<Link>;

namespace {

/// A translator of the toy language that has learnt nothing, and attends to one word more than to others.
std::unique_ptr<Translator> toy_translator(const ParallelText& text, AttentionKind attention, TokenizerKind tokenizer,
                                           std::uint64_t seed) {
  TrainConfig config;
  config.tokenizer = tokenizer;
  config.vocabulary_size = is_subword(tokenizer) ? 330 : 0;  // less than the words: most are cut
  config.min_frequency = 1;
  config.attention = attention_named(attention);
  config.attention_size = config.embedding = config.hidden = 16;
  config.embedding_deviation = 1;
  config.seed = seed;
  auto translator = std::make_unique<Translator>(config, learn_languages(text, language_options(config)));
  make_sure(translator->model);
  return translator;
}

ParallelText toy_lines(size_t count) {
  const ToyCorpus corpus = make_toy_corpus(1, {.train = count, .valid = 0, .test = 0, .test_long = 0});
  return toy_text(corpus.train, WhitespaceTokenizer());
}

/// The number of the word that each piece of subwords belongs to, by the mark before the first of a word; of </s> -1.
std::vector<int> words_by_mark(const std::vector<std::string>& pieces) {
  std::vector<int> words;
  int word = -1;
  for (const std::string& piece : pieces) words.push_back(word += piece.starts_with("▁"));
  words.push_back(-1);
  return words;
}

}

TEST_CASE("alignments: pieces belong to the words between white space") {
  CHECK(words_of_pieces(WordTokenizer(), {"Ja", "(￭", "gut", "￭)", "￭."}) == std::vector<int>{0, 1, 1, 1, 1, 2});
  CHECK(words_of_pieces(WhitespaceTokenizer(), {}) == std::vector<int>{0});
  const ParallelText text = toy_lines(40);
  const auto translator = toy_translator(text, AttentionKind::Bahdanau, TokenizerKind::Bpe, 1);
  for (const std::string& line : text.source) {
    const std::vector<std::string> pieces = translator->source.split(line);
    const std::vector<int> words = words_of_pieces(*translator->source.tokenizer, pieces);
    REQUIRE(words.size() == pieces.size() + 1);
    std::vector<std::string> joined(static_cast<size_t>(words.back()));
    for (size_t i = 0; i < pieces.size(); ++i) joined[static_cast<size_t>(words[i])] += pieces[i];
    std::string expected;
    for (const std::string_view word : split_words(line)) (expected += "▁") += word;
    std::string found;
    for (const std::string& word : joined) {
      CHECK(word.starts_with("▁"));
      found += word;
    }
    CHECK(found == expected);
  }
}

TEST_CASE("alignments: lines of sure and possible links") {
  const TrueAlignment alignment = parse_alignment(" 2-1 0-0\t1?10 0-0 0?0 ", "here");
  CHECK(alignment.sure == Links{{0, 0}, {2, 1}});
  CHECK(alignment.possible == Links{{0, 0}, {1, 10}, {2, 1}});
  CHECK(parse_alignment("", "here").possible.empty());
  for (const std::string wrong : {"1", "1-", "-1", "1--1", "-1-1", "1x1", "1-1x", "1-?1", "a-1", "1-+1", "+1-1",
                                  "99999999999-1", "1?99999999999", "1-1-1", "1.0-1"}) {
    CHECK_THROWS_WITH_AS(
        parse_alignment("0-0 " + wrong, "here"),
        ("here: '" + wrong + "' is no link; need SOURCE-TARGET, or SOURCE?TARGET for a possible one").c_str(), Error);
  }
}

TEST_CASE("alignments: files, with the line of what is wrong") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  write_file_atomically(path, "0-0 1?1\r\n\n2-0");
  const std::vector<TrueAlignment> read = read_alignments(path);
  REQUIRE(read.size() == 3);
  CHECK(read[0].possible == Links{{0, 0}, {1, 1}});
  CHECK(read[1].possible.empty());
  CHECK(read[2].sure == Links{{2, 0}});
  write_file_atomically(path, "0-0\n0-0 x\n");
  CHECK_THROWS_WITH_AS(read_alignments(path),
                       (path + ":2: 'x' is no link; need SOURCE-TARGET, or SOURCE?TARGET for a possible one").c_str(),
                       Error);
  require_within(read[0], 2, 2, "here");
  const char* const outside = "here: link 1-1 is outside of a pair of 2 and 1 words; words count from 0";
  CHECK_THROWS_WITH_AS(require_within(read[0], 2, 1, "here"), outside, Error);
  CHECK_THROWS_AS(require_within(read[0], 1, 2, "here"), Error);
}

TEST_CASE("alignments: what is written can be read") {
  for (const ToyPair& pair : toy_showcase()) {
    CHECK(parse_alignment(pharaoh(pair.alignment), "here").sure == pair.alignment);
  }
  CHECK(pharaoh({{0, 0}, {12, 3}}) == "0-0 12-3");
}

TEST_CASE("alignment error: precision counts possible links, recall sure ones") {
  // Of the first pair one link is sure, one possible and one wrong; of the second one nothing is found.
  const std::vector<Links> links = {{{0, 0}, {1, 1}, {2, 2}}, {}};
  const std::vector<TrueAlignment> truth = {parse_alignment("0-0 1?1 1-2", ""), parse_alignment("3-3 4?4", "")};
  const AlignmentError error = alignment_error(links, truth);
  CHECK(error.precision() == doctest::Approx(2.0 / 3));
  CHECK(error.recall() == doctest::Approx(1.0 / 3));
  CHECK(error.rate() == doctest::Approx(1 - (1.0 + 2) / (3 + 3)));
  CHECK(summary(error) == "AER 0.5000 (precision 0.6667, recall 0.3333, 3 links, 3 sure ones)");

  const std::vector<TrueAlignment> itself = {{links[0], links[0]}, {}};
  CHECK(alignment_error(links, itself).rate() == 0);
  CHECK(alignment_error({}, {}).rate() == 0);
  CHECK(alignment_error(std::vector<Links>{{}}, std::vector{truth[0]}).rate() == 1);
  CHECK_THROWS_WITH_AS(alignment_error(links, {}), "alignment error: 2 sentence pairs have links, 0 true ones", Error);
}

TEST_CASE("alignments: forced decoding attends as the decoder does when it is led word by word") {
  const auto sources = make_sources(14);
  std::vector<std::vector<int>> targets = make_sources(20);
  targets.erase(targets.begin(), targets.begin() + 6);  // other lengths than the sources
  for (const AttentionKind kind : {AttentionKind::Bahdanau, AttentionKind::Luong}) {
    Seq2Seq model(random_config(kind), 1);
    make_sure(model);
    const Member member{&model, sources};
    for (const int batch_size : {1, 5, 64}) {
      ThreadPool pool(2);
      const auto attention = attend_targets({&member, 1}, targets, batch_size, pool);
      for (size_t i = 0; i < targets.size(); ++i) {
        const std::vector<int> words(targets[i].begin(), targets[i].end() - 1);
        const std::vector<Real> expected = forced(model, sources[i], words).attention;
        REQUIRE(attention[i].size() == expected.size());
        for (size_t j = 0; j < expected.size(); ++j) {
          REQUIRE(static_cast<double>(attention[i][j]) ==
                  doctest::Approx(static_cast<double>(expected[j])).epsilon(1e-3));
        }
      }
    }
  }
}

TEST_CASE("alignments: a word is linked to the one that it attends to most, whatever pieces they have") {
  const ParallelText text = toy_lines(300);
  ThreadPool pool(2);
  size_t none = 0;
  for (const TokenizerKind tokenizer : {TokenizerKind::Whitespace, TokenizerKind::Bpe, TokenizerKind::Unigram}) {
    const std::string name = name_of(tokenizer);
    CAPTURE(name);
    const auto translator = toy_translator(text, AttentionKind::Luong, tokenizer, 1);
    Translator* const model = translator.get();
    const auto links = align_pairs({&model, 1}, text, pool);
    size_t cut = 0;
    for (size_t i = 0; i < text.source.size(); ++i) {
      const std::vector<int> ids = translator->source.encode(text.source[i]);
      std::vector<int> target = translator->target.encode(text.target[i]);
      target.pop_back();
      const Hypothesis hypothesis = forced(translator->model, ids, target);
      std::vector<std::string> pieces = translator->source.split(text.source[i]);
      std::vector<std::string> target_pieces = translator->target.split(text.target[i]);
      if (!is_subword(tokenizer)) {
        for (std::string& word : pieces) word.insert(0, "▁");
        for (std::string& word : target_pieces) word.insert(0, "▁");
      }
      const std::vector<int> from = words_by_mark(pieces), to = words_by_mark(target_pieces);
      std::map<int, std::map<int, double>> weights;
      for (size_t t = 0, k = 0; t < to.size(); ++t) {
        for (const int word : from) weights[to[t]][word] += static_cast<double>(hypothesis.attention[k++]);
      }
      weights.erase(-1);
      Links expected;
      for (const auto& [word, row] : weights) {
        const auto most = std::ranges::max_element(row, {}, [](const auto& entry) { return entry.second; });
        if (most->first >= 0) expected.push_back({most->first, word});
        none += most->first < 0;
      }
      CHECK(links[i] == expected);
      cut += to.size() > split_words(text.target[i]).size() + 1;
    }
    CHECK((cut > 100) == is_subword(tokenizer));
  }
  CHECK(none > 0);
}

TEST_CASE("alignments: several models have the mean of their weights, and those without attention have no say") {
  const ParallelText text = toy_lines(200);
  ThreadPool pool(1);
  const auto words = toy_translator(text, AttentionKind::Luong, TokenizerKind::Whitespace, 1),
             others = toy_translator(text, AttentionKind::Bahdanau, TokenizerKind::Whitespace, 2),
             plain = toy_translator(text, AttentionKind::None, TokenizerKind::Whitespace, 3);
  const auto align = [&](std::vector<Translator*> models) { return align_pairs(models, text, pool); };
  const auto a = align({words.get()}), b = align({others.get()}), both = align({words.get(), others.get()});
  CHECK(a != b);
  CHECK(both != a);
  CHECK(both != b);
  size_t same = 0;
  for (size_t i = 0; i < both.size(); ++i) {
    for (const Link& link : both[i]) {
      const bool in_a = std::ranges::count(a[i], link) > 0, in_b = std::ranges::count(b[i], link) > 0;
      same += in_a && in_b;
    }
    for (const Link& link : a[i]) {
      if (std::ranges::count(b[i], link) > 0) CHECK(std::ranges::count(both[i], link) == 1);
    }
  }
  CHECK(same > 0);
  CHECK(align({plain.get(), words.get()}) == a);
  CHECK_THROWS_WITH_AS(align({plain.get()}),
                       "alignments: the model has no attention; it was trained with --attention none", Error);
}
