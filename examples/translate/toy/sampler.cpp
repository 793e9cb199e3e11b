#include "examples/translate/toy/sampler.h"

namespace gradus::translate::toy {

// The standard fixes the numbers of std::mt19937_64 but not those of its distributions, hence the remainders. Every
// draw is a statement of its own where the order of evaluation would otherwise be open.

template <typename Entry, typename Allowed>
const Entry& Sampler::pick(std::span<const Entry> entries, Allowed allowed) {
  size_t count = 0;
  for (const Entry& entry : entries) count += allowed(entry);
  size_t skip = engine_() % count;
  for (const Entry& entry : entries) {
    if (allowed(entry) && skip-- == 0) return entry;
  }
  return entries.back();  // not reached: the loop passes `count` allowed entries
}

Sentence Sampler::sentence() {
  Sentence sentence;
  const bool two = chance(12);
  for (int i = 0; i < (two ? 2 : 1); ++i) draw_subject(sentence.clauses.emplace_back());
  if (two) sentence.conjunction = pick(kConjunctions, [](const Particle&) { return true; });
  return sentence;
}

void Sampler::draw_subject(Clause& clause) {
  const Verb& verb = pick(kVerbs, [](const Verb&) { return true; });
  clause.verb = verb;
  int person = 3;
  if (chance(30)) {
    clause.subject.push_back(pronoun(0));
    person = clause.subject[0].pronoun->person;
  } else if (chance(10)) {
    clause.subject.push_back(noun_phrase(verb.subjects, {}));
    do {
      clause.subject.resize(1);
      clause.subject.push_back(noun_phrase(verb.subjects, {}));
    } while (clause.subject[0].noun.entry == clause.subject[1].noun.entry);
  } else {
    clause.subject.push_back(noun_phrase(verb.subjects, {true, true}));
  }
  draw_predicate(clause, person, {true, true});
}

void Sampler::draw_predicate(Clause& clause, int subject_person, Room room) {
  const Verb& verb = *clause.verb.entry;
  if (chance(22)) clause.negation = chance(70) ? Negation::kNot : Negation::kNever;
  const bool has_complement = verb.frame == Frame::kDative || verb.frame == Frame::kOblique;

  if (verb.frame == Frame::kTransitive && (verb.objects & kAnimate) != 0 && chance(20)) {
    clause.object.push_back(pronoun(subject_person));
  } else if (verb.frame == Frame::kTransitive || verb.frame == Frame::kDative) {
    clause.object.push_back(noun_phrase(verb.objects, has_complement ? Room{} : room));
    const bool de = clause.negation != Negation::kNone && clause.object[0].determiner->singular == "a";
    if (de) clause.object[0].relative.clear();  // French would need the subjunctive: pas de chat qui ait dormi
  }
  if (has_complement) {
    const unsigned kinds = verb.frame == Frame::kDative ? unsigned{kPerson} : verb.objects;
    clause.phrases.push_back(prepositional_phrase(find_preposition(verb.complement), kinds, room));
  } else if (chance(25)) {
    const Preposition& preposition = pick(kPrepositions, [](const Preposition& p) { return p.adjunct; });
    if (preposition.takes_pronoun && chance(35)) {
      clause.phrases.push_back({preposition, pronoun(subject_person)});
    } else {
      clause.phrases.push_back(prepositional_phrase(preposition, preposition.kinds, room));
    }
  }
  if (clause.negation != Negation::kNever && chance(10)) {
    clause.adverb = pick(kAdverbs, [](const Particle&) { return true; });
  }
}

NounPhrase Sampler::noun_phrase(unsigned kinds, Room room) {
  NounPhrase phrase;
  phrase.noun = pick(kNouns, [=](const Noun& n) { return (n.kind & kinds) != 0; });
  phrase.plural = chance(35);
  phrase.determiner = draw_determiner(phrase.plural);
  draw_adjectives(phrase);
  if (room.complement && phrase.determiner->singular == "the" && chance(12)) {
    phrase.complement.push_back(prepositional_phrase(find_preposition("of"), kPerson, {}));
  } else if (room.relative && chance(14)) {
    phrase.relative.push_back(relative_clause(phrase.noun->kind));
  }
  return phrase;
}

const Determiner& Sampler::draw_determiner(bool plural) {
  if (chance(45)) return find_determiner("the");
  if (!plural && chance(35)) return find_determiner("a");
  return pick(kDeterminers, [=](const Determiner& d) { return !(plural ? d.plural : d.singular).empty(); });
}

void Sampler::draw_adjectives(NounPhrase& phrase) {
  for (const bool before : {true, false}) {
    if (!chance(22)) continue;
    phrase.adjectives[before ? 0 : 1] = pick(
        kAdjectives, [&](const Adjective& a) { return a.before_noun == before && (a.kinds & phrase.noun->kind) != 0; });
  }
}

/// Not of the same person as the subject, for "i saw me" is wrong; two third persons are different people. A
/// `subject_person` of 0 is nobody.
NounPhrase Sampler::pronoun(int subject_person) {
  NounPhrase phrase;
  phrase.pronoun = pick(kPronouns, [=](const Pronoun& p) { return p.person == 3 || p.person != subject_person; });
  return phrase;
}

PrepositionalPhrase Sampler::prepositional_phrase(const Preposition& preposition, unsigned kinds, Room room) {
  return {preposition, noun_phrase(kinds, room)};
}

Clause Sampler::relative_clause(unsigned head) {
  Clause clause;
  clause.verb = pick(kVerbs, [=](const Verb& v) { return (v.subjects & head) != 0; });
  draw_predicate(clause, 3, {});
  return clause;
}

}
