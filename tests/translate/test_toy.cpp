#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/text/elision.h"
#include "examples/translate/toy/sampler.h"
#include "examples/translate/toy/toy.h"
#include "tests/support/address_sanitizer.h"

using namespace gradus;
using namespace gradus::translate;
using namespace gradus::translate::toy;

namespace {

const ToySizes kSmall{.train = 3000, .valid = 200, .test = 300, .test_long = 200};

std::string english(const ToyPair& pair) { return join_words(pair.source); }

/// Checks both sides of a sentence against what a speaker of both would write.
void check(const Sentence& sentence, const std::string& expected_english, const std::string& expected_french) {
  const ToyPair pair = write_pair(sentence);
  CHECK(english(pair) == expected_english);
  CHECK(ElisionTokenizer().join(pair.target) == expected_french);
}

void check(Clause clause, const std::string& expected_english, const std::string& expected_french) {
  check(Sentence{{std::move(clause)}, {}}, expected_english, expected_french);
}

Clause with_object(Clause clause, NounPhrase object) {
  clause.object = {std::move(object)};
  return clause;
}

Clause with_phrase(Clause clause, std::string_view preposition, NounPhrase phrase) {
  clause.phrases.push_back({find_preposition(preposition), std::move(phrase)});
  return clause;
}

Clause transitive(NounPhrase subject, std::string_view verb, NounPhrase object, Negation negation = Negation::kNone) {
  return with_object(clause(std::move(subject), find_verb(verb, Frame::kTransitive), negation), std::move(object));
}

Clause intransitive(NounPhrase subject, std::string_view verb, Negation negation = Negation::kNone) {
  return clause(std::move(subject), find_verb(verb, Frame::kIntransitive), negation);
}

Clause oblique(NounPhrase subject, std::string_view verb, std::string_view preposition, NounPhrase phrase) {
  return with_phrase(clause(std::move(subject), find_verb(verb, Frame::kOblique, preposition)), preposition,
                     std::move(phrase));
}

/// The noun phrase with a relative clause, whose own subject is dropped.
NounPhrase with_relative(NounPhrase phrase, Clause relative) {
  relative.subject.clear();
  phrase.relative.push_back(std::move(relative));
  return phrase;
}

const NounPhrase kOneCat = noun_phrase("the", "cat");

}

TEST_CASE("the showcase") {
  std::vector<std::string> lines;
  for (const ToyPair& pair : toy_showcase())
    lines.push_back(english(pair) + " = " + ElisionTokenizer().join(pair.target));
  CHECK(lines ==
        std::vector<std::string>{
            "the black cat ate the mouse = le chat noir a mangé la souris",
            "the old man went to the market = le vieil homme est allé au marché",
            "the girls who sang did not see the small owl = les filles qui ont chanté n'ont pas vu le petit hibou",
            "she never forgot her beautiful white horse = elle n'a jamais oublié son beau cheval blanc",
            "the children found them in the garden = les enfants les ont trouvés dans le jardin",
            "i did not buy an apple because the queen left = "
            "je n'ai pas acheté de pomme parce que la reine est partie",
        });
}

TEST_CASE("what is displayed can be read back, word for word") {
  CHECK(ElisionTokenizer().split("l'homme n'a pas mangé") ==
        std::vector<std::string>{"l'", "homme", "n'", "a", "pas", "mangé"});
  CHECK(ElisionTokenizer().split("aujourd'hui qu'l'x l'  '") ==
        std::vector<std::string>{"aujourd'hui", "qu'", "l'", "x", "l'", "'"});
  size_t wrong = 0;
  for (const ToyPair& pair : make_toy_corpus(1, kSmall).train)
    wrong += ElisionTokenizer().split(ElisionTokenizer().join(pair.target)) != pair.target;
  CHECK(wrong == 0);
}

TEST_CASE("the alignment of the showcase") {
  using Links = std::vector<Link>;
  const std::vector<ToyPair>& pairs = toy_showcase();
  // black cat / chat noir; ate / a mangé
  CHECK(pairs[0].alignment == Links{{0, 0}, {1, 2}, {2, 1}, {3, 3}, {3, 4}, {4, 5}, {5, 6}});
  // to the / au
  CHECK(pairs[1].alignment == Links{{0, 0}, {1, 1}, {2, 2}, {3, 3}, {3, 4}, {4, 5}, {5, 5}, {6, 6}});
  // never / n' jamais; beautiful white horse / beau cheval blanc
  CHECK(pairs[3].alignment == Links{{0, 0}, {1, 1}, {1, 3}, {2, 2}, {2, 4}, {3, 5}, {4, 6}, {5, 8}, {6, 7}});
  // them / les, before the verb
  CHECK(pairs[4].alignment == Links{{0, 0}, {1, 1}, {2, 3}, {2, 4}, {3, 2}, {4, 5}, {5, 6}, {6, 7}});
}

TEST_CASE("determiners and adjectives agree and elide") {
  const auto slept = [](NounPhrase subject) { return intransitive(std::move(subject), "slept"); };
  check(slept(noun_phrase("the", "friend")), "the friend slept", "l'ami a dormi");
  check(slept(noun_phrase("the", "goose", {"old"})), "the old goose slept", "la vieille oie a dormi");
  check(slept(noun_phrase("a", "owl")), "an owl slept", "un hibou a dormi");
  check(slept(noun_phrase("the", "owl")), "the owl slept", "le hibou a dormi");
  check(slept(noun_phrase("the", "hedgehogs", {"grey"})), "the grey hedgehogs slept", "les hérissons gris ont dormi");
  check(slept(noun_phrase("this", "bird", {"beautiful", "white"})), "this beautiful white bird slept",
        "ce bel oiseau blanc a dormi");
  check(slept(noun_phrase("this", "child")), "this child slept", "cet enfant a dormi");
  check(slept(noun_phrase("this", "owl")), "this owl slept", "ce hibou a dormi");
  check(slept(noun_phrase("these", "women", {"happy"})), "these happy women slept", "ces femmes heureuses ont dormi");
  check(slept(noun_phrase("my", "goose")), "my goose slept", "mon oie a dormi");
  check(slept(noun_phrase("my", "goose", {"small"})), "my small goose slept", "ma petite oie a dormi");
  check(slept(noun_phrase("her", "cows", {"black"})), "her black cows slept", "ses vaches noires ont dormi");
  check(slept(noun_phrase("two", "horses", {"beautiful"})), "two beautiful horses slept",
        "deux beaux chevaux ont dormi");
  check(slept(noun_phrase("their", "friends", {"old", "strange"})), "their strange old friends slept",
        "leurs vieux amis étranges ont dormi");
  check(slept(noun_phrase("a", "man", {"young", "clever"})), "a clever young man slept",
        "un jeune homme intelligent a dormi");
}

TEST_CASE("the participle agrees with the subject of être and with an object before avoir") {
  check(intransitive(pronoun("she"), "fell"), "she fell", "elle est tombée");
  check(intransitive(pronoun("they"), "left"), "they left", "ils sont partis");
  check(intransitive(pronoun("we"), "came"), "we came", "nous sommes venus");
  check(intransitive(pronoun("you"), "stayed"), "you stayed", "tu es resté");
  check(intransitive(noun_phrase("my", "nurses"), "left"), "my nurses left", "mes infirmières sont parties");
  check(transitive(kOneCat, "saw", pronoun("her")), "the cat saw her", "le chat l'a vue");
  check(transitive(kOneCat, "saw", pronoun("him")), "the cat saw him", "le chat l'a vu");
  check(transitive(pronoun("i"), "heard", pronoun("you")), "i heard you", "je t'ai entendu");
  check(transitive(pronoun("you"), "followed", pronoun("us")), "you followed us", "tu nous as suivis");
  check(transitive(pronoun("she"), "saw", noun_phrase("the", "girls")), "she saw the girls", "elle a vu les filles");
}

TEST_CASE("two subjects are plural, and feminine only when both are") {
  Clause both = intransitive(noun_phrase("the", "girl"), "left");
  both.subject.push_back(noun_phrase("a", "goose"));
  check(both, "the girl and a goose left", "la fille et une oie sont parties");
  both.subject[1] = kOneCat;
  check(both, "the girl and the cat left", "la fille et le chat sont partis");
}

TEST_CASE("negation") {
  check(intransitive(pronoun("he"), "slept", Negation::kNot), "he did not sleep", "il n'a pas dormi");
  check(intransitive(pronoun("i"), "left", Negation::kNot), "i did not leave", "je ne suis pas parti");
  check(intransitive(noun_phrase("the", "queen"), "danced", Negation::kNever), "the queen never danced",
        "la reine n'a jamais dansé");
  check(transitive(pronoun("we"), "saw", pronoun("him"), Negation::kNot), "we did not see him",
        "nous ne l'avons pas vu");
  check(transitive(kOneCat, "saw", noun_phrase("a", "egg"), Negation::kNot), "the cat did not see an egg",
        "le chat n'a pas vu d'œuf");
  check(transitive(kOneCat, "saw", noun_phrase("a", "owl"), Negation::kNever), "the cat never saw an owl",
        "le chat n'a jamais vu de hibou");
  check(intransitive(noun_phrase("a", "boy"), "fell", Negation::kNot), "a boy did not fall",
        "un garçon n'est pas tombé");
}

TEST_CASE("prepositions contract with the article") {
  const NounPhrase he = pronoun("he");
  check(oblique(he, "went", "to", noun_phrase("the", "market")), "he went to the market", "il est allé au marché");
  check(oblique(he, "went", "to", noun_phrase("the", "school")), "he went to the school", "il est allé à l'école");
  check(oblique(he, "arrived", "at", noun_phrase("the", "gardens")), "he arrived at the gardens",
        "il est arrivé aux jardins");
  check(oblique(he, "came", "from", noun_phrase("the", "village")), "he came from the village",
        "il est venu du village");
  check(oblique(he, "came", "from", noun_phrase("the", "kitchens")), "he came from the kitchens",
        "il est venu des cuisines");
  check(oblique(he, "came", "from", noun_phrase("a", "hospital")), "he came from a hospital",
        "il est venu d'un hôpital");
  check(oblique(he, "came", "from", noun_phrase("the", "hospital")), "he came from the hospital",
        "il est venu de l'hôpital");
  check(with_phrase(intransitive(he, "slept"), "near", noun_phrase("the", "table")), "he slept near the table",
        "il a dormi près de la table");
  check(with_phrase(intransitive(he, "slept"), "with", pronoun("them")), "he slept with them", "il a dormi avec eux");
  NounPhrase hat = noun_phrase("the", "hat");
  hat.complement.push_back({find_preposition("of"), noun_phrase("the", "king", {"old"})});
  check(transitive(he, "lost", hat), "he lost the hat of the old king", "il a perdu le chapeau du vieux roi");
  Clause gave = with_object(clause(he, find_verb("gave", Frame::kDative, "to")), noun_phrase("a", "key"));
  check(with_phrase(gave, "to", noun_phrase("the", "boys")), "he gave a key to the boys",
        "il a donné une clé aux garçons");
}

TEST_CASE("relative clauses and conjunctions") {
  const NounPhrase girl =
      with_relative(noun_phrase("the", "girl"), transitive({}, "ate", noun_phrase("the", "apples")));
  check(intransitive(girl, "left"), "the girl who ate the apples left", "la fille qui a mangé les pommes est partie");
  const NounPhrase geese = with_relative(noun_phrase("two", "geese"), intransitive({}, "fell"));
  check(transitive(kOneCat, "followed", geese), "the cat followed two geese that fell",
        "le chat a suivi deux oies qui sont tombées");
  check(Sentence{{intransitive(pronoun("she"), "cried"), intransitive(pronoun("he"), "left")},
                 find_conjunction("because")},
        "she cried because he left", "elle a pleuré parce qu'il est parti");
  Clause today = intransitive(pronoun("i"), "worked");
  today.adverb = find_adverb("today");
  check(Sentence{{today, intransitive(pronoun("we"), "slept")}, find_conjunction("when")},
        "i worked today when we slept", "j'ai travaillé aujourd'hui quand nous avons dormi");
}

TEST_CASE("words that are not in the lexicon are errors") {
  CHECK_THROWS_WITH_AS(noun_phrase("the", "zebra"), "toy language: 'zebra' is no noun of it", Error);
  CHECK_THROWS_AS(find_verb("ate", Frame::kIntransitive), Error);
}

TEST_CASE("every random sentence keeps the rules of neighbouring words, and every word is aligned") {
  const std::set<std::string> elided{"le", "la", "je", "me", "te", "ne", "de", "que", "ce", "ma", "ta", "sa"};
  const std::set<std::string> uncontracted{"de le", "de les", "à le", "à les"};
  Sampler sampler(3);
  for (int i = 0; i < 20'000; ++i) {
    const ToyPair pair = write_pair(sampler.sentence());
    CAPTURE(english(pair));
    CAPTURE(join_words(pair.target));
    bool good = std::ranges::is_sorted(pair.alignment);
    for (size_t j = 0; j + 1 < pair.target.size(); ++j) {
      const std::string &word = pair.target[j], &next = pair.target[j + 1];
      const bool vowel = starts_with_vowel_sound(next);
      good &= !(vowel && elided.contains(word)) && !uncontracted.contains(word + ' ' + next);
      good &= !(!vowel && (word.ends_with('\'') || word == "cet" || word == "bel" || word == "vieil"));
    }
    std::vector<bool> source(pair.source.size()), target(pair.target.size());
    for (const auto& [s, t] : pair.alignment)
      source.at(static_cast<size_t>(s)) = target.at(static_cast<size_t>(t)) = true;
    good &= std::ranges::count(source, false) == 0 && std::ranges::count(target, false) == 0;
    REQUIRE(good);
  }
}

TEST_CASE("the translation is a function of the English sentence, of which there are more than 500,000") {
  // Sentences as short as those for training. They are kept as hashes; a collision could only make the count too small
  // or a check fail. Under sanitizers, which see no more in more of them, a tenth is counted.
  constexpr size_t kEnough = kAddressSanitizer ? 50'000 : 500'000;
  std::unordered_map<size_t, size_t> translations;
  Sampler sampler(4);
  for (int draws = 0; draws < 1'500'000 && translations.size() <= kEnough; ++draws) {
    const ToyPair pair = write_pair(sampler.sentence());
    if (pair.source.size() < kToyMinLength || pair.source.size() > kToyMaxLength) continue;
    const std::hash<std::string> hash;
    const size_t french = hash(join_words(pair.target));
    const auto [known, added] = translations.emplace(hash(english(pair)), french);
    if (known->second != french) FAIL("two translations: " << english(pair));
  }
  CHECK(translations.size() > kEnough);
}

TEST_CASE("the splits are disjoint and of the lengths that they promise") {
  const ToyCorpus corpus = make_toy_corpus(1, kSmall);
  CHECK(corpus.train.size() == kSmall.train);
  CHECK(corpus.valid.size() == kSmall.valid);
  CHECK(corpus.test.size() == kSmall.test);
  CHECK(corpus.test_long.size() == kSmall.test_long);

  std::unordered_set<std::string> seen;
  size_t sentences = 0, longest_source = 0, longest_target = 0;
  for (const auto* split : {&toy_showcase(), &corpus.train, &corpus.valid, &corpus.test, &corpus.test_long}) {
    sentences += split->size();
    for (const ToyPair& pair : *split) seen.insert(english(pair));
  }
  CHECK(seen.size() == sentences);

  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (const ToyPair& pair : *split) {
      longest_source = std::max(longest_source, pair.source.size());
      longest_target = std::max(longest_target, pair.target.size());
      REQUIRE(pair.source.size() >= kToyMinLength);
    }
  }
  CHECK(longest_source == kToyMaxLength);
  for (const ToyPair& pair : corpus.test_long) {
    REQUIRE(pair.source.size() > longest_source);
    REQUIRE(pair.target.size() > longest_target);
    REQUIRE(pair.source.size() <= kToyMaxLongLength);
  }
}

TEST_CASE("the same seed gives the same sentences everywhere, and the size of train changes no other split") {
  const ToyCorpus small = make_toy_corpus(1, kSmall);
  ToySizes sizes = kSmall;
  sizes.train = 4000;
  const ToyCorpus large = make_toy_corpus(1, sizes);
  for (size_t i = 0; i < kSmall.train; ++i) REQUIRE(small.train[i].source == large.train[i].source);
  for (size_t i = 0; i < kSmall.test; ++i) REQUIRE(small.test[i].source == large.test[i].source);
  for (size_t i = 0; i < kSmall.test_long; ++i) REQUIRE(small.test_long[i].source == large.test_long[i].source);
  CHECK(make_toy_corpus(2, kSmall).train[0].source != small.train[0].source);
  CHECK(english(small.test[0]) == "the men broke your red keys that fell");
  CHECK(english(small.test_long[0]) == "i found his horse but my girl who cried arrived at the schools of a girl");
  CHECK(english(small.train[2999]) == "her nurse who fell drew three small markets");
}

TEST_CASE("every word of the language is in the training sentences") {
  std::set<std::string> known, needed;
  const ToyCorpus corpus = make_toy_corpus(1, {.train = 20'000, .valid = 500, .test = 1000, .test_long = 500});
  for (const ToyPair& pair : corpus.train) {
    known.insert(pair.source.begin(), pair.source.end());
    known.insert(pair.target.begin(), pair.target.end());
  }
  for (const auto* split : {&corpus.valid, &corpus.test, &corpus.test_long, &toy_showcase()}) {
    for (const ToyPair& pair : *split) {
      needed.insert(pair.source.begin(), pair.source.end());
      needed.insert(pair.target.begin(), pair.target.end());
    }
  }
  CHECK(std::ranges::includes(known, needed));
}
