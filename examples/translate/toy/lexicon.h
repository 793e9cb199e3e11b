#pragma once

#include <span>
#include <string_view>

namespace gradus::translate::toy {

/// What a noun denotes. Verbs, adjectives and prepositions name the kinds they go with as a bit set.
enum Kind : unsigned {
  kPerson = 1,
  kAnimal = 2,
  kFood = 4,
  kThing = 8,
  kPlace = 16,
  kAnimate = kPerson | kAnimal,
  kObject = kFood | kThing,
  kAny = kAnimate | kObject | kPlace,
};

struct Noun {
  std::string_view singular, plural;
  std::string_view french_singular, french_plural;
  bool feminine;
  unsigned kind;
};

struct Adjective {
  std::string_view english;
  std::string_view masculine, feminine, masculine_plural, feminine_plural;
  std::string_view masculine_before_vowel;  ///< empty when it is the plain form
  bool before_noun;                         ///< in French
  int rank;                                 ///< the place among English adjectives: lower comes first
  unsigned kinds;
};

/// An empty form does not exist: "a" has no plural, "two" no singular.
struct Determiner {
  std::string_view singular, plural;
  std::string_view masculine, feminine, french_plural;
};

struct Pronoun {
  std::string_view subject, object;
  std::string_view french_subject, french_object, french_stressed;
  int person;
  bool plural, feminine;
};

struct Preposition {
  std::string_view english;
  std::string_view first, second;  ///< French, in one word or two
  unsigned kinds;
  bool adjunct;  ///< may follow any verb; the others stand only where a verb or a noun asks for them
  bool takes_pronoun;
};

/// What follows the verb of necessity.
enum class Frame {
  kIntransitive,  ///< nothing
  kTransitive,    ///< an object
  kDative,        ///< an object, and a person after `complement`
  kOblique,       ///< a noun phrase after `complement`
};

struct Verb {
  std::string_view past, base;
  std::string_view participle;  ///< masculine singular; the other forms add e, s, es
  bool with_etre;               ///< the auxiliary is être, not avoir
  Frame frame;
  unsigned subjects;            ///< kinds
  unsigned objects;             ///< kinds of what follows
  std::string_view complement;  ///< an English preposition
};

/// A word that is put at one place and has one translation, of one word or two.
struct Particle {
  std::string_view english;
  std::string_view first, second;
};

extern constinit const std::span<const Noun> kNouns;
extern constinit const std::span<const Adjective> kAdjectives;
extern constinit const std::span<const Determiner> kDeterminers;
extern constinit const std::span<const Pronoun> kPronouns;
extern constinit const std::span<const Preposition> kPrepositions;
extern constinit const std::span<const Verb> kVerbs;
extern constinit const std::span<const Particle> kAdverbs;
extern constinit const std::span<const Particle> kConjunctions;

/// The entry that has `word` among its English forms. Throws Error when there is none.
const Noun& find_noun(std::string_view word);
const Adjective& find_adjective(std::string_view word);
const Determiner& find_determiner(std::string_view word);
const Pronoun& find_pronoun(std::string_view word);
const Preposition& find_preposition(std::string_view word);
const Particle& find_adverb(std::string_view word);
const Particle& find_conjunction(std::string_view word);

/// The verb whose past is `past` and whose frame and complement are these.
const Verb& find_verb(std::string_view past, Frame frame, std::string_view complement = "");

/// True when a French word begins with a vowel sound, before which `le` elides: a vowel letter or a mute h.
bool starts_with_vowel_sound(std::string_view french);

}
