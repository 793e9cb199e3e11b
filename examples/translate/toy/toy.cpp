#include "examples/translate/toy/toy.h"

#include <unordered_set>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/toy/sampler.h"

namespace gradus::translate {

namespace {

using namespace toy;

// The most French words that go with kToyMaxLength English ones.
constexpr size_t kMaxTargetLength = 16;

bool is_short(const ToyPair& pair) {
  return pair.source.size() >= kToyMinLength && pair.source.size() <= kToyMaxLength &&
         pair.target.size() <= kMaxTargetLength;
}

bool is_long(const ToyPair& pair) {
  return pair.source.size() > kToyMaxLength && pair.source.size() <= kToyMaxLongLength &&
         pair.target.size() > kMaxTargetLength;
}

/// Draws sentences that no earlier call has drawn.
class Drawer {
 public:
  explicit Drawer(uint64_t seed) : sampler_(seed) {
    for (const ToyPair& pair : toy_showcase()) seen_.insert(join_words(pair.source));
  }

  std::vector<ToyPair> draw(size_t size, bool (*wanted)(const ToyPair&)) {
    constexpr size_t kPatience = 100'000;  // draws without a new sentence
    std::vector<ToyPair> pairs;
    pairs.reserve(size);
    for (size_t misses = 0; pairs.size() < size; ++misses) {
      if (misses == kPatience) fail("toy language: only {} of {} sentences found", pairs.size(), size);
      ToyPair pair = write_pair(sampler_.sentence());
      if (!wanted(pair) || !seen_.insert(join_words(pair.source)).second) continue;
      pairs.push_back(std::move(pair));
      misses = 0;
    }
    return pairs;
  }

 private:
  Sampler sampler_;
  std::unordered_set<std::string> seen_;
};

std::vector<ToyPair> write_showcase() {
  Clause mouse = clause(noun_phrase("the", "cat", {"black"}), find_verb("ate", Frame::kTransitive));
  mouse.object = {noun_phrase("the", "mouse")};

  Clause market = clause(noun_phrase("the", "man", {"old"}), find_verb("went", Frame::kOblique, "to"));
  market.phrases = {{find_preposition("to"), noun_phrase("the", "market")}};

  Clause owl = clause(noun_phrase("the", "girls"), find_verb("saw", Frame::kTransitive), Negation::kNot);
  Clause& sang = owl.subject[0].relative.emplace_back();
  sang.verb = find_verb("sang", Frame::kIntransitive);
  owl.object = {noun_phrase("the", "owl", {"small"})};

  Clause horse = clause(pronoun("she"), find_verb("forgot", Frame::kTransitive), Negation::kNever);
  horse.object = {noun_phrase("her", "horse", {"white", "beautiful"})};

  Clause garden = clause(noun_phrase("the", "children"), find_verb("found", Frame::kTransitive));
  garden.object = {pronoun("them")};
  garden.phrases = {{find_preposition("in"), noun_phrase("the", "garden")}};

  Clause apple = clause(pronoun("i"), find_verb("bought", Frame::kTransitive), Negation::kNot);
  apple.object = {noun_phrase("a", "apple")};
  const Clause queen = clause(noun_phrase("the", "queen"), find_verb("left", Frame::kIntransitive));

  std::vector<ToyPair> pairs;
  for (Clause& one : std::vector<Clause>{mouse, market, owl, horse, garden}) pairs.push_back(write_pair({{one}, {}}));
  pairs.push_back(write_pair({{apple, queen}, find_conjunction("because")}));
  return pairs;
}

}

ToyCorpus make_toy_corpus(uint64_t seed, const ToySizes& sizes) {
  Drawer drawer(seed);
  ToyCorpus corpus;
  corpus.test = drawer.draw(sizes.test, is_short);
  corpus.valid = drawer.draw(sizes.valid, is_short);
  corpus.test_long = drawer.draw(sizes.test_long, is_long);
  corpus.train = drawer.draw(sizes.train, is_short);  // last, so that its size changes nothing else
  return corpus;
}

const std::vector<ToyPair>& toy_showcase() {
  static const std::vector<ToyPair> pairs = write_showcase();
  return pairs;
}

}
