#include "examples/translate/toy/lexicon.h"

#include <algorithm>

#include "autograd/error.h"

namespace gradus::translate::toy {

namespace {

constexpr Noun kNounTable[] = {
    {"man", "men", "homme", "hommes", false, kPerson},
    {"woman", "women", "femme", "femmes", true, kPerson},
    {"boy", "boys", "garçon", "garçons", false, kPerson},
    {"girl", "girls", "fille", "filles", true, kPerson},
    {"child", "children", "enfant", "enfants", false, kPerson},
    {"friend", "friends", "ami", "amis", false, kPerson},
    {"king", "kings", "roi", "rois", false, kPerson},
    {"queen", "queens", "reine", "reines", true, kPerson},
    {"nurse", "nurses", "infirmière", "infirmières", true, kPerson},
    {"neighbour", "neighbours", "voisin", "voisins", false, kPerson},
    {"cat", "cats", "chat", "chats", false, kAnimal},
    {"dog", "dogs", "chien", "chiens", false, kAnimal},
    {"mouse", "mice", "souris", "souris", true, kAnimal},
    {"bird", "birds", "oiseau", "oiseaux", false, kAnimal},
    {"horse", "horses", "cheval", "chevaux", false, kAnimal},
    {"cow", "cows", "vache", "vaches", true, kAnimal},
    {"goose", "geese", "oie", "oies", true, kAnimal},
    {"owl", "owls", "hibou", "hiboux", false, kAnimal},
    {"hedgehog", "hedgehogs", "hérisson", "hérissons", false, kAnimal},
    {"apple", "apples", "pomme", "pommes", true, kFood},
    {"cake", "cakes", "gâteau", "gâteaux", false, kFood},
    {"egg", "eggs", "œuf", "œufs", false, kFood},
    {"pear", "pears", "poire", "poires", true, kFood},
    {"book", "books", "livre", "livres", false, kThing},
    {"letter", "letters", "lettre", "lettres", true, kThing},
    {"key", "keys", "clé", "clés", true, kThing},
    {"table", "tables", "table", "tables", true, kThing},
    {"hat", "hats", "chapeau", "chapeaux", false, kThing},
    {"tree", "trees", "arbre", "arbres", false, kThing},
    {"clock", "clocks", "horloge", "horloges", true, kThing},
    {"market", "markets", "marché", "marchés", false, kPlace},
    {"school", "schools", "école", "écoles", true, kPlace},
    {"garden", "gardens", "jardin", "jardins", false, kPlace},
    {"church", "churches", "église", "églises", true, kPlace},
    {"hospital", "hospitals", "hôpital", "hôpitaux", false, kPlace},
    {"village", "villages", "village", "villages", false, kPlace},
    {"kitchen", "kitchens", "cuisine", "cuisines", true, kPlace},
};

constexpr Adjective kAdjectiveTable[] = {
    {"beautiful", "beau", "belle", "beaux", "belles", "bel", true, 1, kAny},
    {"good", "bon", "bonne", "bons", "bonnes", "", true, 1, kPerson | kObject},
    {"small", "petit", "petite", "petits", "petites", "", true, 3, kAny},
    {"big", "grand", "grande", "grands", "grandes", "", true, 3, kAny & ~kPerson},
    {"young", "jeune", "jeune", "jeunes", "jeunes", "", true, 4, kAnimate},
    {"old", "vieux", "vieille", "vieux", "vieilles", "vieil", true, 4, kAnimate | kThing | kPlace},
    {"new", "nouveau", "nouvelle", "nouveaux", "nouvelles", "nouvel", true, 4, kThing | kPlace},
    {"strange", "étrange", "étrange", "étranges", "étranges", "", false, 0, kAny},
    {"clever", "intelligent", "intelligente", "intelligents", "intelligentes", "", false, 2, kAnimate},
    {"happy", "heureux", "heureuse", "heureux", "heureuses", "", false, 2, kAnimate},
    {"tired", "fatigué", "fatiguée", "fatigués", "fatiguées", "", false, 2, kAnimate},
    {"famous", "célèbre", "célèbre", "célèbres", "célèbres", "", false, 2, kPerson | kPlace},
    {"black", "noir", "noire", "noirs", "noires", "", false, 5, kAnimal | kThing},
    {"white", "blanc", "blanche", "blancs", "blanches", "", false, 5, kAnimal | kThing | kPlace},
    {"grey", "gris", "grise", "gris", "grises", "", false, 5, kAnimal | kThing | kPlace},
    {"green", "vert", "verte", "verts", "vertes", "", false, 5, kObject},
    {"red", "rouge", "rouge", "rouges", "rouges", "", false, 5, kObject},
};

constexpr Determiner kDeterminerTable[] = {
    {"the", "the", "le", "la", "les"},
    {"a", "", "un", "une", ""},
    {"this", "these", "ce", "cette", "ces"},
    {"my", "my", "mon", "ma", "mes"},
    {"your", "your", "ton", "ta", "tes"},
    {"his", "his", "son", "sa", "ses"},
    {"her", "her", "son", "sa", "ses"},
    {"our", "our", "notre", "notre", "nos"},
    {"their", "their", "leur", "leur", "leurs"},
    {"", "two", "", "", "deux"},
    {"", "three", "", "", "trois"},
};

// English is silent about the sex of "i", "you", "we" and "they": here they are masculine, and "you" is one friend.
constexpr Pronoun kPronounTable[] = {
    {"i", "me", "je", "me", "moi", 1, false, false},      {"you", "you", "tu", "te", "toi", 2, false, false},
    {"he", "him", "il", "le", "lui", 3, false, false},    {"she", "her", "elle", "la", "elle", 3, false, true},
    {"we", "us", "nous", "nous", "nous", 1, true, false}, {"they", "them", "ils", "les", "eux", 3, true, false},
};

constexpr Preposition kPrepositionTable[] = {
    {"in", "dans", "", kPlace, true, false},
    {"near", "près", "de", kAny & ~kFood, true, false},
    {"behind", "derrière", "", kAny & ~kFood, true, true},
    {"under", "sous", "", kThing, true, false},
    {"with", "avec", "", kAnimate, true, true},
    {"to", "à", "", kPerson | kPlace, false, false},
    {"at", "à", "", kPlace, false, false},
    {"from", "de", "", kPlace, false, false},
    {"of", "de", "", kPerson, false, false},
};

constexpr Verb kVerbTable[] = {
    {"ate", "eat", "mangé", false, Frame::kTransitive, kAnimate, kFood | kAnimal, ""},
    {"saw", "see", "vu", false, Frame::kTransitive, kAnimate, kAny, ""},
    {"heard", "hear", "entendu", false, Frame::kTransitive, kAnimate, kAnimate, ""},
    {"followed", "follow", "suivi", false, Frame::kTransitive, kAnimate, kAnimate, ""},
    {"found", "find", "trouvé", false, Frame::kTransitive, kAnimate, kAny, ""},
    {"lost", "lose", "perdu", false, Frame::kTransitive, kPerson, kObject | kAnimal, ""},
    {"bought", "buy", "acheté", false, Frame::kTransitive, kPerson, kObject | kAnimal, ""},
    {"hid", "hide", "caché", false, Frame::kTransitive, kAnimate, kAny & ~kPlace, ""},
    {"chose", "choose", "choisi", false, Frame::kTransitive, kAnimate, kAny, ""},
    {"drew", "draw", "dessiné", false, Frame::kTransitive, kPerson, kAny, ""},
    {"broke", "break", "cassé", false, Frame::kTransitive, kAnimate, kThing, ""},
    {"forgot", "forget", "oublié", false, Frame::kTransitive, kAnimate, kAny, ""},
    {"gave", "give", "donné", false, Frame::kDative, kPerson, kObject | kAnimal, "to"},
    {"showed", "show", "montré", false, Frame::kDative, kPerson, kAny & ~kPerson, "to"},
    {"spoke", "speak", "parlé", false, Frame::kOblique, kPerson, kPerson, "to"},
    {"slept", "sleep", "dormi", false, Frame::kIntransitive, kAnimate, 0, ""},
    {"danced", "dance", "dansé", false, Frame::kIntransitive, kAnimate, 0, ""},
    {"sang", "sing", "chanté", false, Frame::kIntransitive, kAnimate, 0, ""},
    {"cried", "cry", "pleuré", false, Frame::kIntransitive, kPerson, 0, ""},
    {"worked", "work", "travaillé", false, Frame::kIntransitive, kAnimate, 0, ""},
    {"disappeared", "disappear", "disparu", false, Frame::kIntransitive, kAny, 0, ""},
    {"went", "go", "allé", true, Frame::kOblique, kAnimate, kPlace, "to"},
    {"returned", "return", "retourné", true, Frame::kOblique, kAnimate, kPlace, "to"},
    {"arrived", "arrive", "arrivé", true, Frame::kOblique, kAnimate, kPlace, "at"},
    {"came", "come", "venu", true, Frame::kOblique, kAnimate, kPlace, "from"},
    {"came", "come", "venu", true, Frame::kIntransitive, kAnimate, 0, ""},
    {"left", "leave", "parti", true, Frame::kIntransitive, kAnimate, 0, ""},
    {"stayed", "stay", "resté", true, Frame::kIntransitive, kAnimate, 0, ""},
    {"fell", "fall", "tombé", true, Frame::kIntransitive, kAnimate | kObject, 0, ""},
};

constexpr Particle kAdverbTable[] = {{"yesterday", "hier", ""}, {"today", "aujourd'hui", ""}};
constexpr Particle kConjunctionTable[] = {{"but", "mais", ""}, {"when", "quand", ""}, {"because", "parce", "que"}};

template <typename Entry, typename Matches>
const Entry& find(std::span<const Entry> table, const char* what, std::string_view word, Matches matches) {
  const auto entry = std::ranges::find_if(table, matches);
  if (entry == table.end()) fail("toy language: '{}' is no {} of it", word, what);
  return *entry;
}

}

constinit const std::span<const Noun> kNouns(kNounTable);
constinit const std::span<const Adjective> kAdjectives(kAdjectiveTable);
constinit const std::span<const Determiner> kDeterminers(kDeterminerTable);
constinit const std::span<const Pronoun> kPronouns(kPronounTable);
constinit const std::span<const Preposition> kPrepositions(kPrepositionTable);
constinit const std::span<const Verb> kVerbs(kVerbTable);
constinit const std::span<const Particle> kAdverbs(kAdverbTable);
constinit const std::span<const Particle> kConjunctions(kConjunctionTable);

const Noun& find_noun(std::string_view word) {
  return find(kNouns, "noun", word, [=](const Noun& n) { return n.singular == word || n.plural == word; });
}

const Adjective& find_adjective(std::string_view word) {
  return find(kAdjectives, "adjective", word, [=](const Adjective& a) { return a.english == word; });
}

const Determiner& find_determiner(std::string_view word) {
  return find(kDeterminers, "determiner", word,
              [=](const Determiner& d) { return d.singular == word || d.plural == word; });
}

const Pronoun& find_pronoun(std::string_view word) {
  return find(kPronouns, "pronoun", word, [=](const Pronoun& p) { return p.subject == word || p.object == word; });
}

const Preposition& find_preposition(std::string_view word) {
  return find(kPrepositions, "preposition", word, [=](const Preposition& p) { return p.english == word; });
}

const Particle& find_adverb(std::string_view word) {
  return find(kAdverbs, "adverb", word, [=](const Particle& p) { return p.english == word; });
}

const Particle& find_conjunction(std::string_view word) {
  return find(kConjunctions, "conjunction", word, [=](const Particle& p) { return p.english == word; });
}

const Verb& find_verb(std::string_view past, Frame frame, std::string_view complement) {
  return find(kVerbs, "verb", past,
              [=](const Verb& v) { return v.past == past && v.frame == frame && v.complement == complement; });
}

bool starts_with_vowel_sound(std::string_view french) {
  constexpr std::string_view kAspirated[] = {"hibou", "hiboux", "hérisson", "hérissons"};
  constexpr std::string_view kVowels[] = {"a", "e", "i", "o", "u", "h", "â", "à", "é", "è", "ê", "î", "ô", "œ"};
  if (std::ranges::find(kAspirated, french) != std::end(kAspirated)) return false;
  return std::ranges::any_of(kVowels, [=](std::string_view vowel) { return french.starts_with(vowel); });
}

}
