#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/toy/lexicon.h"
#include "examples/translate/toy/pair.h"

/// The sentences of the toy language as trees. A tree is written out twice: in English, which notes at every word the
/// place where it stands, and in French, which links every word to the places that it translates.
namespace gradus::translate::toy {

/// A word of the lexicon, or none, and its place in the English sentence.
template <typename Entry>
struct Placed {
  const Entry* entry = nullptr;
  int place = -1;

  Placed() = default;
  Placed(const Entry& e) : entry(&e) {}
  explicit operator bool() const { return entry != nullptr; }
  const Entry* operator->() const { return entry; }
};

struct Clause;
struct PrepositionalPhrase;

/// A pronoun, or a determiner with a noun and what belongs to it.
struct NounPhrase {
  Placed<Pronoun> pronoun;

  Placed<Determiner> determiner;
  Placed<Noun> noun;
  bool plural = false;
  Placed<Adjective> adjectives[2];              ///< the one before the noun and the one after it, as French places them
  std::vector<PrepositionalPhrase> complement;  ///< at most one: "of the king"
  std::vector<Clause> relative;                 ///< at most one, without a subject: "that slept"
  int relative_place = -1;                      ///< of "who" or "that"
};

struct PrepositionalPhrase {
  Placed<Preposition> preposition;
  NounPhrase noun_phrase;
};

enum class Negation { kNone, kNot, kNever };

struct Clause {
  std::vector<NounPhrase> subject;  ///< one; or two, joined by "and"; or none, in a relative clause
  int and_place = -1;
  Placed<Verb> verb;
  Negation negation = Negation::kNone;
  int did_place = -1, negation_place = -1;
  std::vector<NounPhrase> object;  ///< at most one
  std::vector<PrepositionalPhrase> phrases;
  Placed<Particle> adverb;
};

/// A clause, or two with a conjunction between them.
struct Sentence {
  std::vector<Clause> clauses;
  Placed<Particle> conjunction;
};

/// Trees by hand, from English words; Error for a word that is not in the lexicon. The adjectives of a noun phrase, at
/// most one of each French place, come in any order; a plural noun makes it plural.
NounPhrase pronoun(std::string_view word);
NounPhrase noun_phrase(std::string_view determiner, std::string_view noun,
                       const std::vector<std::string_view>& adjectives = {});
Clause clause(NounPhrase subject, const Verb& verb, Negation negation = Negation::kNone);

/// The English words. Fills in the places of the tree.
std::vector<std::string> write_english(Sentence& sentence);

/// The French words and their links (English place, French place), for a tree whose places are filled in.
void write_french(const Sentence& sentence, ToyPair& pair);

/// Both sides of a sentence.
ToyPair write_pair(Sentence sentence);

}
