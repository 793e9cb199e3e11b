#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nn/rng.h"

/// The sentences of lesson 16, and their words by number.

namespace gradus::lessons {

using Words = std::vector<std::string>;

struct Pair {
  Words english, french;
};

/// A random sentence, one of 666.
inline Pair random_pair(Rng& rng) {
  Pair pair;
  const auto add = [&](std::initializer_list<std::pair<const char*, const char*>> choices) {
    const auto [english, french] = choices.begin()[rng.below(choices.size())];
    pair.english.push_back(english), pair.french.push_back(french);
  };
  const auto add_noun_phrase = [&] {
    add({{"the", "le"}, {"a", "un"}});
    const bool has_adjective = rng.below(3) > 0;
    if (has_adjective) add({{"black", "noir"}, {"white", "blanc"}});
    add({{"cat", "chat"}, {"dog", "chien"}, {"fish", "poisson"}});
    if (has_adjective) std::swap(pair.french.back(), pair.french.end()[-2]);  // le noir chat: le chat noir
  };
  add_noun_phrase();
  if (rng.below(3) == 0) {
    add({{"sleeps", "dort"}});
  } else {
    add({{"sees", "voit"}, {"hears", "entend"}});
    add_noun_phrase();
  }
  return pair;
}

/// Words by number. 0 is the end of a sentence, and stands before its first word too.
struct Vocabulary {
  std::vector<int> ids(const Words& sentence) {
    std::vector<int> result;
    for (const std::string& word : sentence) {
      const auto [found, is_new] = id.try_emplace(word, static_cast<int>(words.size()));
      if (is_new) words.push_back(word);
      result.push_back(found->second);
    }
    result.push_back(0);
    return result;
  }
  Words words{"."};
  std::map<std::string, int> id;
};

}
