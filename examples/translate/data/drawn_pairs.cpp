#include "examples/translate/data/drawn_pairs.h"

#include <utility>

#include "nn/rng.h"

namespace gradus::translate {

namespace {

/// What decides of one pair in one epoch.
std::uint64_t seed_of(std::uint64_t seed, int epoch, std::size_t pair) {
  return derive_seed(derive_seed(seed, static_cast<std::uint64_t>(epoch)), pair);
}

/// One sentence after the other, with one </s>.
void append(std::vector<int>& sentence, const std::vector<int>& next) {
  sentence.pop_back();
  sentence.insert(sentence.end(), next.begin(), next.end());
}

}

DrawnPairs::DrawnPairs(Pairs pairs, const Language& source, const Language& target, const TrainConfig& config)
    : pairs_(pairs),
      seed_(config.seed),
      longest_(static_cast<std::size_t>(config.max_length) + 1),
      concatenate_(config.concatenate) {
  const double strength = config.tokenizer == TokenizerKind::Bpe ? config.subword_dropout : config.subword_sampling;
  if (!is_subword(config.tokenizer) || strength == 0) return;
  source_ = std::make_shared<const SubwordSampler>(source, config.tokenizer, strength);
  target_ = config.joint ? source_ : std::make_shared<const SubwordSampler>(target, config.tokenizer, strength);
}

Pair DrawnPairs::draw(int pair, int epoch) const {
  const auto number = static_cast<std::size_t>(pair);
  Pair drawn = draw_alone(number, epoch);
  Rng rng(seed_of(derive_seed(seed_, "concatenate"), epoch, number));
  if (rng.uniform() >= concatenate_) return drawn;
  const Pair next = draw_alone(rng.below(pairs_.size()), epoch);
  const auto fits = [&](const std::vector<int>& side, const std::vector<int>& more) {
    return side.size() + more.size() - 1 <= longest_;
  };
  if (fits(drawn.source, next.source) && fits(drawn.target, next.target)) {
    append(drawn.source, next.source);
    append(drawn.target, next.target);
  }
  return drawn;
}

Pair DrawnPairs::draw_alone(std::size_t pair, int epoch) const {
  const std::uint64_t seed = seed_of(derive_seed(seed_, "subwords"), epoch, pair);
  const auto side = [&](const auto& sampler, std::span<const int> best, std::uint64_t number) {
    std::vector<int> words;
    if (sampler != nullptr) words = sampler->draw(best, derive_seed(seed, number));
    if (words.empty() || words.size() > longest_) words.assign(best.begin(), best.end());
    return words;
  };
  return {side(source_, pairs_.source(pair), 0), side(target_, pairs_.target(pair), 1)};
}

}
