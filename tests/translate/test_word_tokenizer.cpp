#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "examples/translate/base/join_words.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/text/word_tokenizer.h"
#include "tests/support/property.h"
#include "tests/support/random_text.h"

using namespace gradus::translate;
using Pieces = std::vector<std::string>;

namespace {

Pieces split(const std::string& line) { return WordTokenizer().split(line); }
std::string join(const Pieces& pieces) { return WordTokenizer().join(pieces); }

/// The line with one space between each two words.
std::string normalised(const std::string& line) { return join_words(WhitespaceTokenizer().split(line)); }

}

TEST_CASE("punctuation is split off and carries a mark where it touched a word") {
  CHECK(split("Ja (gut).") == Pieces{"Ja", "(￭", "gut", "￭)", "￭."});
  CHECK(split("„Komm!“, sagte sie…") == Pieces{"„￭", "Komm", "￭!", "￭“", "￭,", "sagte", "sie", "￭…"});
  CHECK(split("a , b") == Pieces{"a", ",", "b"});
  CHECK(split("and/or") == Pieces{"and", "￭/￭", "or"});
  CHECK(split("e.g. this") == Pieces{"e", "￭.￭", "g", "￭.", "this"});
  CHECK(split("5€ 100% x=y") == Pieces{"5", "￭€", "100", "￭%", "x", "￭=￭", "y"});
  CHECK(split("¿Qué? ¡No!") == Pieces{"¿￭", "Qué", "￭?", "¡￭", "No", "￭!"});
  CHECK(split("дом,улица。日本") == Pieces{"дом", "￭,￭", "улица", "￭。￭", "日本"});
}

TEST_CASE("a run of one mark is one piece") {
  CHECK(split("Na ja... wirklich?!! --") == Pieces{"Na", "ja", "￭...", "wirklich", "￭?", "￭!!", "--"});
  CHECK(split("😀😀👍") == Pieces{"😀😀", "￭👍"});
}

TEST_CASE("apostrophes, hyphens and the marks of numbers stay inside words") {
  CHECK(split("don't l’homme T-Shirt black-and-white") == Pieces{"don't", "l’homme", "T-Shirt", "black-and-white"});
  CHECK(split("1,234.56 3-4 10:30 1/2 3,50€") == Pieces{"1,234.56", "3-4", "10:30", "1/2", "3,50", "￭€"});
  CHECK(split("'quoted' dogs' - -5 1.") == Pieces{"'￭", "quoted", "￭'", "dogs", "￭'", "-", "-￭", "5", "1", "￭."});
  CHECK(split("a,b 1,b a.1") == Pieces{"a", "￭,￭", "b", "1", "￭,￭", "b", "a", "￭.￭", "1"});
  CHECK(split("cafe\u0301s किताब") == Pieces{"cafe\u0301s", "किताब"});
  CHECK(split("٣٫٥ file_name col·lecció") == Pieces{"٣", "￭٫￭", "٥", "file_name", "col·lecció"});
}

TEST_CASE("web and e-mail addresses are one piece") {
  CHECK(split("(https://a.org/b?c=d&e=f/).") == Pieces{"(￭", "https://a.org/b?c=d&e=f/", "￭)", "￭."});
  CHECK(split("www.x-y.de, http://") == Pieces{"www.x-y.de", "￭,", "http://"});
  CHECK(split("<jane.doe+x@mail.example.org>, or") == Pieces{"<￭", "jane.doe+x@mail.example.org", "￭>", "￭,", "or"});
  CHECK(split("a@b @c d@") == Pieces{"a", "￭@￭", "b", "@￭", "c", "d", "￭@"});
  CHECK(split("www. x") == Pieces{"www", "￭.", "x"});
}

TEST_CASE("the mark itself and what stands for it can be in a text") {
  CHECK(split("a￭b ￭￭") == Pieces{"a", "￭&#xFFED;￭", "b", "&#xFFED;", "￭&#xFFED;"});
  CHECK(join(split("a￭b ￭￭ &#xFFED;")) == "a￭b ￭￭ &#xFFED;");
  CHECK(split("<unk> </s>") == Pieces{"<￭", "unk", "￭>", "<", "￭/￭", "s", "￭>"});
}

TEST_CASE("pieces in any order make a line without stray marks") {
  CHECK(join({"￭.", "<unk>", "￭,", "gut", "(￭"}) == ". <unk>, gut (");
  CHECK(join({"(￭", "￭)", "￭-￭", "<unk>", "<unk>"}) == "()-<unk> <unk>");
  CHECK(join({"a", "￭", "b"}) == "ab");
  CHECK(join({"￭", "￭￭", "a"}) == "a");
  CHECK(join({}).empty());
  CHECK(join(split(lower_case("„GROSSE Straße“ (ΟΔΟΣ)!"))) == "„grosse straße“ (οδος)!");
}

TEST_CASE("lines without words, and malformed bytes") {
  CHECK(split("").empty());
  CHECK(split(" \t\u3000").empty());
  CHECK(join(split("a\xFF\xC3. b")) == "a\xFF\xC3. b");
}

TEST_CASE("any text comes back as it was") {
  CHECK(holds([] {
    const std::string line = *arbitrary_text();
    const Pieces pieces = split(line);
    RC_ASSERT(join(pieces) == normalised(line));
    for (const std::string& piece : pieces) RC_ASSERT(split_words(piece) == std::vector<std::string_view>{piece});
  }));
}

TEST_CASE("every line of Multi30k comes back as it was") {
  const auto folder = multi30k();
  if (!folder) {
    MESSAGE("skipped: GRADUS_MULTI30K does not name a folder with Multi30k's raw text");
    return;
  }
  for (const char* name : {"train.de", "train.en", "val.de", "val.en", "test.de", "test.en"}) {
    for (const std::string& line : read_lines((*folder / name).string())) {
      if (join(split(line)) != normalised(line)) FAIL_CHECK(name << ": " << line);
    }
  }
}
