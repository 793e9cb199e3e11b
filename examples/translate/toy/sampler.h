#pragma once

#include <cstdint>
#include <random>

#include "examples/translate/toy/grammar.h"

namespace gradus::translate::toy {

/// Draws random sentences of the toy language, the same from the same seed on every machine. Relative clauses belong to
/// the noun next to them, so a sentence can be understood in one way only.
class Sampler {
 public:
  explicit Sampler(uint64_t seed) : engine_(seed) {}

  Sentence sentence();

 private:
  /// What a noun phrase may contain besides adjectives.
  struct Room {
    bool complement = false, relative = false;
  };

  bool chance(unsigned percent) { return engine_() % 100 < percent; }

  /// One of the entries that are `allowed`, each equally likely.
  template <typename Entry, typename Allowed>
  const Entry& pick(std::span<const Entry> entries, Allowed allowed);

  void draw_subject(Clause& clause);
  void draw_predicate(Clause& clause, int subject_person, Room room);
  void draw_adjectives(NounPhrase& phrase);
  const Determiner& draw_determiner(bool plural);
  NounPhrase noun_phrase(unsigned kinds, Room room);
  NounPhrase pronoun(int subject_person);
  PrepositionalPhrase prepositional_phrase(const Preposition& preposition, unsigned kinds, Room room);
  Clause relative_clause(unsigned head);

  std::mt19937_64 engine_;
};

}
