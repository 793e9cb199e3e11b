#include <algorithm>
#include <utility>

#include "examples/translate/toy/grammar.h"

namespace gradus::translate::toy {

namespace {

/// Writes the words of a tree from left to right.
class EnglishWriter {
 public:
  std::vector<std::string> write(Sentence& sentence) {
    for (size_t i = 0; i < sentence.clauses.size(); ++i) {
      if (i > 0) put_placed(sentence.conjunction, sentence.conjunction->english);
      write(sentence.clauses[i]);
    }
    choose_articles();
    return std::move(words_);
  }

 private:
  int put(std::string_view word) {
    words_.emplace_back(word);
    return static_cast<int>(words_.size()) - 1;
  }

  template <typename Entry>
  void put_placed(Placed<Entry>& leaf, std::string_view word) {
    leaf.place = put(word);
  }

  void write(Clause& clause) {
    for (size_t i = 0; i < clause.subject.size(); ++i) {
      if (i > 0) clause.and_place = put("and");
      write(clause.subject[i], true);
    }
    if (clause.negation == Negation::kNot) clause.did_place = put("did");
    if (clause.negation == Negation::kNot) clause.negation_place = put("not");
    if (clause.negation == Negation::kNever) clause.negation_place = put("never");
    put_placed(clause.verb, clause.negation == Negation::kNot ? clause.verb->base : clause.verb->past);
    for (NounPhrase& object : clause.object) write(object, false);
    for (PrepositionalPhrase& phrase : clause.phrases) write(phrase);
    if (clause.adverb) put_placed(clause.adverb, clause.adverb->english);
  }

  void write(PrepositionalPhrase& phrase) {
    put_placed(phrase.preposition, phrase.preposition->english);
    write(phrase.noun_phrase, false);
  }

  void write(NounPhrase& phrase, bool subject) {
    if (phrase.pronoun) return put_placed(phrase.pronoun, subject ? phrase.pronoun->subject : phrase.pronoun->object);

    put_placed(phrase.determiner, phrase.plural ? phrase.determiner->plural : phrase.determiner->singular);
    auto& [before, after] = phrase.adjectives;
    const bool swapped = before && after && after->rank < before->rank;
    for (Placed<Adjective>* adjective : {swapped ? &after : &before, swapped ? &before : &after}) {
      if (*adjective) put_placed(*adjective, (*adjective)->english);
    }
    put_placed(phrase.noun, phrase.plural ? phrase.noun->plural : phrase.noun->singular);
    for (PrepositionalPhrase& complement : phrase.complement) write(complement);
    for (Clause& relative : phrase.relative) {
      phrase.relative_place = put(phrase.noun->kind == kPerson ? "who" : "that");
      write(relative);
    }
  }

  void choose_articles() {
    for (size_t i = 0; i + 1 < words_.size(); ++i) {
      const bool vowel = std::string_view("aeiou").find(words_[i + 1][0]) != std::string_view::npos;
      if (words_[i] == "a" && vowel) words_[i] = "an";
    }
  }

  std::vector<std::string> words_;
};

}

std::vector<std::string> write_english(Sentence& sentence) { return EnglishWriter().write(sentence); }

}
