#include "examples/translate/toy/grammar.h"

#include <utility>

namespace gradus::translate::toy {

NounPhrase pronoun(std::string_view word) {
  NounPhrase phrase;
  phrase.pronoun = find_pronoun(word);
  return phrase;
}

NounPhrase noun_phrase(std::string_view determiner, std::string_view noun,
                       const std::vector<std::string_view>& adjectives) {
  NounPhrase phrase;
  phrase.determiner = find_determiner(determiner);
  phrase.noun = find_noun(noun);
  phrase.plural = phrase.noun->plural == noun;
  for (const std::string_view word : adjectives) {
    const Adjective& adjective = find_adjective(word);
    phrase.adjectives[adjective.before_noun ? 0 : 1] = adjective;
  }
  return phrase;
}

Clause clause(NounPhrase subject, const Verb& verb, Negation negation) {
  Clause clause;
  clause.subject = {std::move(subject)};
  clause.verb = verb;
  clause.negation = negation;
  return clause;
}

ToyPair write_pair(Sentence sentence) {
  ToyPair pair;
  pair.source = write_english(sentence);
  write_french(sentence, pair);
  return pair;
}

}
