#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/search/live_search.h"
#include "examples/translate/text/elision.h"
#include "examples/translate/text/subwords.h"
#include "examples/translate/text/word_tokenizer.h"
#include "examples/translate/translator/live_translation.h"
#include "examples/translate/translator/translate.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

/// A model that reads forward only, of whatever else is given.
ModelConfig forward(ModelConfig config, const char* scope) {
  config.bidirectional = false;
  config.bridge = Bridge::Learned;
  config.attention.scope = scope;
  config.wait_k = 2;
  config.chunk = 2;
  return config;
}

/// All words of a sentence, read so many at a time.
std::vector<int> read_by(int step, Seq2Seq& model, const std::vector<int>& source, const SearchOptions& options) {
  LiveSearch live(model, options);
  std::vector<int> words;
  for (std::size_t begin = 0; begin < source.size(); begin += step) {
    const std::span<const int> more =
        std::span(source).subspan(begin, std::min<std::size_t>(step, source.size() - begin));
    const std::vector<int> decided = live.read(more);
    words.insert(words.end(), decided.begin(), decided.end());
  }
  CHECK(live.ended());
  return words;
}

void check_live(const ModelConfig& config) {
  Seq2Seq model(config);
  make_sure(model, 2, 1);  // with larger numbers a plain net is chaotic, and the last bit of a state soon shows
  const std::vector<std::vector<int>> sources = make_sources(6);
  const SearchOptions options{.beam = 1, .max_length = 10, .no_repeat_ngram = 3};
  const std::vector<NBest> found = n_best(model, sources, options);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (const int step : {1, 3, 100}) {
      CAPTURE(step);
      CAPTURE(fmt::format("{}", fmt::join(sources[i], " ")));
      CHECK(fmt::format("{}", fmt::join(read_by(step, model, sources[i], options), " ")) ==
            fmt::format("{}", fmt::join(found[i].front().words, " ")));
    }
  }
}

}

TEST_CASE("live search: word by word it finds what a greedy search of the whole sentence finds") {
  for (const char* const scope : {"wait-k", "monotonic", "mocha"}) {
    for (const AttentionKind kind : {AttentionKind::Bahdanau, AttentionKind::Luong}) {
      for (const CellKind cell : {CellKind::Lstm, CellKind::Gru, CellKind::Rnn}) {
        CAPTURE(std::string(scope));
        CAPTURE(name_of(kind));
        CAPTURE(name_of(cell));
        ModelConfig config = forward(random_config(kind), scope);
        config.cell = cell;
        check_live(config);
        config.encoder_layers = config.decoder_layers = 2;
        config.attention.coverage = config.attention.input_feeding = true;
        config.layer_norm = cell == CellKind::Gru;
        config.residual = true;
        check_live(config);
      }
    }
    ModelConfig config = forward(random_config(AttentionKind::Bahdanau), scope);
    config.attention.score = "multi-head";
    config.heads = 4;
    check_live(config);
  }
}

TEST_CASE("live search: a word is decided when as much is read as its attention asks for") {
  Seq2Seq model(forward(random_config(AttentionKind::Bahdanau), "wait-k"));
  make_sure(model, 1, -50);  // it never ends by itself
  LiveSearch live(model, {.max_length = 5});
  const std::vector<int> source = {5, 6, 7, 8, kEnd};
  std::vector<std::size_t> decided;
  for (const int& word : source) decided.push_back(live.read({&word, 1}).size());
  CHECK(decided == std::vector<std::size_t>{0, 1, 1, 1, 2});
  CHECK(live.ended());
  CHECK(live.read({&source[0], 1}).empty());
}

TEST_CASE("live search: a model that has to see the whole sentence is refused") {
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  CHECK_THROWS_WITH_AS(LiveSearch(model, {}),
                       "live_search: the model has to see the whole source; need a scope that reads it as it comes",
                       Error);
  DetachedStates<LstmState> read;
  const Tape tape(Tape::Inference);
  CHECK_THROWS_WITH_AS(model.encoder().read_on(std::vector{5}, read),
                       "encoder: it sees the whole sentence at once; need one that reads forward only, word by word "
                       "[in encoder]",
                       Error);
}

namespace {

std::vector<std::string> speech_lines() {
  return {"ein alter Mann (der geht), sieht 3-4 Hunde.", "zwei  Frauen\tgehen", " ein Hund!", "", "  ", "Hunde"};
}

Language language(std::shared_ptr<const TextTokenizer> tokenizer) {
  WordFrequencies frequencies;
  for (const std::string& line : speech_lines()) frequencies.add(tokenizer->split(line));
  return {tokenizer, frequencies.vocabulary(1, 0), false};
}

Language subwords() {
  std::vector<std::string> text = speech_lines();
  std::string model = train_subwords(text, TokenizerKind::Bpe, 320);
  auto tokenizer = std::make_shared<SubwordTokenizer>(model, "subwords");
  Vocabulary vocabulary = Vocabulary::of(tokenizer->pieces());
  return {tokenizer, std::move(vocabulary), false, model};
}

/// A line by a few bytes at a time is the translation of the whole; no word is ever cut.
void check_text(const Language& words) {
  TrainConfig config;
  static_cast<ModelConfig&>(config) = forward(random_config(AttentionKind::Luong), "wait-k");
  Translator translator(config, Languages{words, words});
  make_sure(translator.model, 3, 1);
  translator.freeze();
  const SearchOptions options{.beam = 1, .max_length = 12};
  Translator* const only = &translator;
  ThreadPool pool(1);
  const std::vector<std::string> text = speech_lines();
  const std::vector<std::string> expected = best_translations({&only, 1}, text, options, pool);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const std::size_t step : {1, 4, 1000}) {
      CAPTURE(text[i]);
      LiveTranslation live(translator, options);
      std::string translation;
      const auto add = [&](const std::string& more) {
        if (more.empty()) return;
        CHECK(more.starts_with(' ') == !translation.empty());
        translation += more;
        const bool is_whole = expected[i].starts_with(translation) &&
                              (translation.size() == expected[i].size() || expected[i][translation.size()] == ' ');
        CHECK(is_whole);
      };
      for (std::size_t at = 0; at < text[i].size(); at += step)
        add(live.read(std::string_view(text[i]).substr(at, step)));
      add(live.finish());
      CHECK(translation == expected[i]);
    }
  }
}

}

TEST_CASE("live translation: however a line comes, it is translated as a whole one, in whole words") {
  check_text(language(std::make_shared<WhitespaceTokenizer>()));
  check_text(language(std::make_shared<WordTokenizer>()));
  check_text(language(std::make_shared<ElisionTokenizer>()));
  check_text(subwords());
}
