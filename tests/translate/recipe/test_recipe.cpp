#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "examples/translate/data/corpus.h"
#include "examples/translate/recipe/recipe.h"
#include "tests/support/address_sanitizer.h"

using namespace gradus::translate;

namespace {

ParallelText repeated(const std::vector<std::string>& source, const std::vector<std::string>& target,
                      std::size_t pairs) {
  ParallelText text;
  for (std::size_t i = 0; i < pairs; ++i) {
    text.source.push_back(source[i % source.size()]);
    text.target.push_back(target[i % target.size()]);
    text.lines.push_back(i + 1);
  }
  return text;
}

ParallelText raw_text(std::size_t pairs) {
  return repeated({"Ein Mann (alt) geht.", "Zwei Hunde laufen, und einer bellt!"},
                  {"A man (old) walks.", "Two dogs are running, and one barks!"}, pairs);
}

struct Decided {
  TrainConfig config;
  Origins origins;
  std::vector<Decision> decisions;

  explicit Decided(const ParallelText& text, TrainConfig given = {}, const Origins& by = {})
      : config(given), origins(by) {
    decisions = decide(config, origins, text_facts(text));
  }
};

}

TEST_CASE("what is seen of a text: words, the longest line, punctuation") {
  const TextFacts facts = text_facts(raw_text(4));
  CHECK(facts.pairs == 4);
  CHECK(facts.source.words == 20);
  CHECK(facts.source.longest == 6);
  CHECK(facts.source.joined == 8);  // (alt) geht. laufen, bellt!
  CHECK(facts.source.separate == 0);
  CHECK(facts.is_raw());
  CHECK(facts.has_spaces());
}

TEST_CASE("a text is raw if punctuation touches words, or if words do not stand between spaces") {
  const auto is_raw = [](const char* source, const char* target) {
    return text_facts(repeated({source}, {target}, 3)).is_raw();
  };
  CHECK(is_raw("Ja.", "Yes."));
  CHECK(is_raw("Ja, gut .", "Yes, good, fine."));
  CHECK_FALSE(is_raw("ja .", "yes ."));
  CHECK_FALSE(is_raw("ja", "yes"));
  CHECK_FALSE(is_raw("Mr. Ja , gut .", "yes , Mr. good ."));
  CHECK(is_raw("我们今天去公园看花然后回家吃饭吧", "We go to the park"));
  CHECK(is_raw("¿Qué?", "Что?"));
}

TEST_CASE("one line in a thousand may be longer than the longest") {
  ParallelText text = raw_text(1000);
  text.source[500] = std::string(1000, 'a');
  for (std::size_t i = 0; i < text.source[500].size(); i += 2) text.source[500][i] = ' ';
  CHECK(text_facts(text).source.longest == 6);
}

TEST_CASE("raw text is cut into subwords, tokenised text at its white space") {
  CHECK(Decided(raw_text(5000)).config.tokenizer == TokenizerKind::Bpe);
  CHECK(Decided(raw_text(500)).config.tokenizer == TokenizerKind::Words);  // too little for subwords
  CHECK(Decided(repeated({"我们今天去公园看花然后回家吃饭吧"}, {"We go."}, 500)).config.tokenizer ==
        TokenizerKind::Bpe);
  CHECK(Decided(repeated({"ein mann ."}, {"a man ."}, 500)).config.tokenizer == TokenizerKind::Whitespace);
}

TEST_CASE("languages of the same letters share their vocabulary, others do not") {
  CHECK(Decided(raw_text(5000)).config.joint);
  const Decided russian(repeated({"Человек идёт."}, {"A man walks."}, 10000));
  CHECK_FALSE(russian.config.joint);
  CHECK(russian.config.tied_embeddings != TiedEmbeddings::All);
}

TEST_CASE("what was given stays, and the rest goes with it") {
  TrainConfig given;
  given.hidden = 96;
  given.dropout = 0.1;
  given.joint = false;
  const Decided decided(raw_text(500), given,
                        {{"hidden", Origin::Option}, {"dropout", Origin::File}, {"joint", Origin::Option}});
  CHECK(decided.config.hidden == 96);
  CHECK(decided.config.dropout == 0.1);
  CHECK_FALSE(decided.config.joint);
  CHECK(decided.config.tied_embeddings != TiedEmbeddings::All);
  CHECK(decided.origins.at("hidden") == Origin::Option);
  CHECK(decided.origins.at("embedding") == Origin::Text);
  for (const Decision& decision : decided.decisions) {
    CHECK(decision.options.find("--hidden") == std::string::npos);
    CHECK(decision.options.find("--dropout") == std::string::npos);
    CHECK_FALSE(decision.reason.empty());
  }
}

TEST_CASE("subwords that are to be drawn are those that can be") {
  TrainConfig given;
  given.subword_sampling = 0.2;
  CHECK(Decided(raw_text(100), given).config.tokenizer == TokenizerKind::Unigram);
  given.subword_sampling = 0;
  given.subword_dropout = 0.1;
  CHECK(Decided(raw_text(100), given).config.tokenizer == TokenizerKind::Bpe);
}

TEST_CASE("the fields that a text may decide are those that say so") {
  std::set<std::string> decided;
  for (const Architecture architecture :
       {Architecture::Recurrent, Architecture::Transformer, Architecture::Convolution}) {
    for (const AttentionKind kind : {AttentionKind::Bahdanau, AttentionKind::Luong}) {
      TrainConfig given;
      given.architecture = architecture;
      given.attention = attention_named(kind);
      ParallelText text = raw_text(5000);
      text.source[0] = std::string(300, 'a');
      for (std::size_t i = 0; i < 300; i += 2) text.source[0][i] = ' ';
      for (std::size_t i = 1; i < 10; ++i) text.source[i] = text.source[0];  // more than one in a thousand
      for (const auto& [key, origin] : Decided(text, given, {{"architecture", Origin::Option}}).origins) {
        if (origin == Origin::Text) decided.insert(key);
      }
    }
  }
  decided.insert("hold_out");  // by the command, which does the holding out
  TrainConfig config;
  std::set<std::string> declared;
  for (const ConfigField& field : config.fields()) {
    if (field.rules.decided) declared.insert(field.key);
  }
  CHECK(decided == declared);
}

TEST_CASE("a step has about as many words in a text of long lines as in one of short lines") {
  const std::string sentence = "A man walks the old dog.",
                    line = sentence + " " + sentence + " " + sentence + " " + sentence;
  const int of_short = Decided(repeated({sentence}, {sentence}, 500)).config.batch_size;
  const int of_long = Decided(repeated({line}, {line}, 500)).config.batch_size;
  CHECK(of_short > 2 * of_long);  // the longer text is a larger one, whose steps have more words
  CHECK(of_short < 5 * of_long);
}

TEST_CASE("with a limit of time there are more steps, which the schedule takes if they fit") {
  TrainConfig given;
  given.max_minutes = 10;
  CHECK(Decided(raw_text(2000), given, {{"max_minutes", Origin::Option}}).config.epochs >
        Decided(raw_text(2000)).config.epochs);
}

TEST_CASE("every kind of model is decided to a whole that makes sense") {
  std::vector<ParallelText> texts = {raw_text(1), raw_text(20), raw_text(3000)};
  if (!kAddressSanitizer) texts.push_back(raw_text(40000));  // for its time
  for (const ParallelText& text : texts) {
    CAPTURE(text.source.size());
    for (const Architecture architecture :
         {Architecture::Recurrent, Architecture::Transformer, Architecture::Convolution}) {
      for (const int size : {0, 30, 64, 130}) {
        TrainConfig given;
        given.architecture = architecture;
        Origins by = {{"architecture", Origin::Option}};
        if (size > 0) given.hidden = size, by["hidden"] = Origin::Option;
        const Decided decided(text, given, by);
        CHECK_NOTHROW(decided.config.check_architecture());
        if (size > 0) CHECK(decided.config.hidden == size);
        if (architecture != Architecture::Transformer) continue;
        CHECK(decided.config.embedding == decided.config.hidden);
        CHECK(decided.config.hidden % decided.config.heads == 0);
      }
      for (const AttentionKind kind : {AttentionKind::None, AttentionKind::Luong}) {
        TrainConfig given;
        given.attention = attention_named(kind);
        CHECK_NOTHROW(Decided(text, given, {{"attention", Origin::Option}}).config.check_architecture());
      }
    }
  }
}

TEST_CASE("pairs that are held out come from all parts of a text, and no copy of one is learned") {
  ParallelText text = raw_text(0);
  for (std::size_t i = 0; i < 200; ++i) {
    text.source.push_back("s" + std::to_string(i % 143));
    text.target.push_back("t" + std::to_string(i % 143));
    text.lines.push_back(i + 1);
  }
  const CorpusText parts = hold_out(text, 20);
  CHECK(parts.valid.source.size() == 20);
  CHECK(parts.valid.lines.front() == 6);
  CHECK(parts.valid.lines.back() == 196);
  CHECK(parts.train.size() + parts.copies == 180);
  CHECK(parts.copies > 0);
  for (int again = 0; again < 2; ++again) {
    std::size_t pairs = 0, last = 0;
    parts.train.for_each([&](std::string_view source, std::string_view target, std::size_t line) {
      CHECK(target == "t" + std::string(source.substr(1)));
      CHECK(std::ranges::count(parts.valid.source, source) == 0);
      CHECK(source == text.source[line - 1]);
      CHECK(line > last);
      last = line;
      ++pairs;
    });
    CHECK(pairs == parts.train.size());
  }
}

TEST_CASE("a text that repeats itself throughout keeps something to learn") {
  const CorpusText parts = hold_out(repeated({"Ja."}, {"Yes."}, 40), 4);
  CHECK(parts.train.size() == 36);
  CHECK(parts.copies == 0);
  CHECK(default_hold_out(2) == 1);
  CHECK(default_hold_out(500) == 50);
  CHECK(default_hold_out(29000) == 1000);
}
