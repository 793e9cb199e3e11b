#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "examples/translate/toy/grammar.h"

namespace gradus::translate::toy {

namespace {

/// What a verb agrees with in person, and a participle in gender and number.
struct Agreement {
  int person = 3;
  bool plural = false;
  bool feminine = false;
};

/// A word with the English places that it translates.
struct LinkedWord {
  std::string text;
  std::vector<int> places;
};

struct Change {
  std::string_view from, to;
};

// Before a vowel sound; of the feminine possessives the masculine form is taken.
constexpr Change kElisions[] = {
    {"le", "l'"}, {"la", "l'"},   {"je", "j'"},  {"me", "m'"},  {"te", "t'"},  {"ne", "n'"},
    {"de", "d'"}, {"que", "qu'"}, {"ce", "cet"}, {"ma", "mon"}, {"ta", "ton"}, {"sa", "son"},
};

// Of a preposition and the article after it.
constexpr Change kContractions[] = {{"de le", "du"}, {"de les", "des"}, {"à le", "au"}, {"à les", "aux"}};

template <size_t N>
std::string changed(const Change (&changes)[N], const std::string& text) {
  const auto found = std::ranges::find(changes, text, &Change::from);
  return std::string(found == std::end(changes) ? text : found->to);
}

/// Writes the full forms of all words from left to right; what neighbours do to each other is settled at the end.
class FrenchWriter {
 public:
  std::vector<LinkedWord> write(const Sentence& sentence) {
    for (size_t i = 0; i < sentence.clauses.size(); ++i) {
      if (i > 0) put_both(*sentence.conjunction.entry, sentence.conjunction.place);
      write(sentence.clauses[i], {});
    }
    elide();
    contract();
    return std::move(words_);
  }

 private:
  void put(std::string_view text, std::vector<int> places) { words_.push_back({std::string(text), std::move(places)}); }

  template <typename Entry>
  void put_both(const Entry& entry, int place) {
    put(entry.first, {place});
    if (!entry.second.empty()) put(entry.second, {place});
  }

  static Agreement agreement(const NounPhrase& phrase) {
    if (phrase.pronoun) return {phrase.pronoun->person, phrase.pronoun->plural, phrase.pronoun->feminine};
    return {3, phrase.plural, phrase.noun->feminine};
  }

  /// Two subjects are plural, and feminine only when both are.
  static Agreement agreement(const std::vector<NounPhrase>& subject) {
    Agreement first = agreement(subject[0]);
    if (subject.size() == 1) return first;
    return {3, true, first.feminine && agreement(subject[1]).feminine};
  }

  /// `head` is what a relative clause, which has no subject of its own, agrees with.
  void write(const Clause& clause, Agreement head) {
    for (size_t i = 0; i < clause.subject.size(); ++i) {
      if (i > 0) put("et", {clause.and_place});
      const NounPhrase& phrase = clause.subject[i];
      phrase.pronoun ? put(phrase.pronoun->french_subject, {phrase.pronoun.place}) : write(phrase, false);
    }
    write_verb(clause, clause.subject.empty() ? head : agreement(clause.subject));
    for (const NounPhrase& object : clause.object) {
      if (!object.pronoun) write(object, clause.negation != Negation::kNone);
    }
    for (const PrepositionalPhrase& phrase : clause.phrases) write(phrase);
    if (clause.adverb) put_both(*clause.adverb.entry, clause.adverb.place);
  }

  /// ne + object pronoun + auxiliary + pas + participle
  void write_verb(const Clause& clause, Agreement subject) {
    const bool negated = clause.negation != Negation::kNone;
    const NounPhrase* pronoun = !clause.object.empty() && clause.object[0].pronoun ? &clause.object[0] : nullptr;
    if (negated) put("ne", {clause.negation_place});
    if (pronoun) put(pronoun->pronoun->french_object, {pronoun->pronoun.place});
    put(auxiliary(clause.verb->with_etre, subject), {clause.did_place >= 0 ? clause.did_place : clause.verb.place});
    if (negated) put(clause.negation == Negation::kNever ? "jamais" : "pas", {clause.negation_place});
    put(participle(clause.verb, subject, pronoun), {clause.verb.place});
  }

  static std::string_view auxiliary(bool etre, Agreement subject) {
    constexpr std::string_view kEtre[2][3] = {{"suis", "es", "est"}, {"sommes", "êtes", "sont"}};
    constexpr std::string_view kAvoir[2][3] = {{"ai", "as", "a"}, {"avons", "avez", "ont"}};
    return (etre ? kEtre : kAvoir)[subject.plural][subject.person - 1];
  }

  /// With être the participle agrees with the subject, with avoir only with an object that stands before it.
  static std::string participle(const Placed<Verb>& verb, Agreement subject, const NounPhrase* pronoun) {
    const Agreement with = verb->with_etre ? subject : pronoun ? agreement(*pronoun) : Agreement{};
    return std::string(verb->participle) + (with.feminine ? "e" : "") + (with.plural ? "s" : "");
  }

  void write(const PrepositionalPhrase& phrase) {
    put_both(*phrase.preposition.entry, phrase.preposition.place);
    const NounPhrase& inner = phrase.noun_phrase;
    inner.pronoun ? put(inner.pronoun->french_stressed, {inner.pronoun.place}) : write(inner, false);
  }

  /// The indefinite article of a negated object becomes "de".
  void write(const NounPhrase& phrase, bool negated_object) {
    const bool indefinite = phrase.determiner->singular == "a";
    put(negated_object && indefinite ? "de" : determiner(phrase), {phrase.determiner.place});
    const auto& [before, after] = phrase.adjectives;
    if (before) put(adjective(before, phrase), {before.place});
    put(noun(phrase), {phrase.noun.place});
    if (after) put(adjective(after, phrase), {after.place});
    for (const PrepositionalPhrase& complement : phrase.complement) write(complement);
    for (const Clause& relative : phrase.relative) {
      put("qui", {phrase.relative_place});
      write(relative, agreement(phrase));
    }
  }

  static std::string_view noun(const NounPhrase& phrase) {
    return phrase.plural ? phrase.noun->french_plural : phrase.noun->french_singular;
  }

  static std::string_view determiner(const NounPhrase& phrase) {
    const Determiner& entry = *phrase.determiner.entry;
    return phrase.plural ? entry.french_plural : phrase.noun->feminine ? entry.feminine : entry.masculine;
  }

  static std::string_view adjective(const Placed<Adjective>& leaf, const NounPhrase& phrase) {
    const bool feminine = phrase.noun->feminine;
    if (phrase.plural) return feminine ? leaf->feminine_plural : leaf->masculine_plural;
    if (feminine) return leaf->feminine;
    const bool vowel_form = !leaf->masculine_before_vowel.empty() && starts_with_vowel_sound(noun(phrase));
    return vowel_form ? leaf->masculine_before_vowel : leaf->masculine;
  }

  /// From the right, so that a word is settled before the word on its left looks at it: "ne le a" is "ne l' a".
  void elide() {
    for (size_t i = words_.size() - 1; i-- > 0;) {
      if (starts_with_vowel_sound(words_[i + 1].text)) words_[i].text = changed(kElisions, words_[i].text);
    }
  }

  void contract() {
    for (size_t i = 0; i + 1 < words_.size(); ++i) {
      const std::string both = words_[i].text + ' ' + words_[i + 1].text;
      const std::string one = changed(kContractions, both);
      if (one == both) continue;
      words_[i].text = one;
      words_[i].places.insert(words_[i].places.end(), words_[i + 1].places.begin(), words_[i + 1].places.end());
      words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }

  std::vector<LinkedWord> words_;
};

}

void write_french(const Sentence& sentence, ToyPair& pair) {
  for (LinkedWord& word : FrenchWriter().write(sentence)) {
    const int position = static_cast<int>(pair.target.size());
    for (const int place : word.places) pair.alignment.push_back({place, position});
    pair.target.push_back(std::move(word.text));
  }
  std::ranges::sort(pair.alignment);
}

}
