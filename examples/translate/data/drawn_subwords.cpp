#include "examples/translate/data/drawn_subwords.h"

#include <utility>

#include "nn/rng.h"

namespace gradus::translate {

DrawnSubwords::DrawnSubwords(Pairs pairs, const Language& source, const Language& target, const TrainConfig& config)
    : pairs_(pairs),
      seed_(derive_seed(config.seed, "subwords")),
      longest_(static_cast<std::size_t>(config.max_length) + 1) {
  const double strength = config.tokenizer == TokenizerKind::Bpe ? config.subword_dropout : config.subword_sampling;
  if (!is_subword(config.tokenizer) || strength == 0) return;
  source_ = std::make_shared<const SubwordSampler>(source, config.tokenizer, strength);
  target_ = config.joint ? source_ : std::make_shared<const SubwordSampler>(target, config.tokenizer, strength);
}

Pair DrawnSubwords::draw(int pair, int epoch) const {
  const std::uint64_t seed =
      derive_seed(derive_seed(seed_, static_cast<std::uint64_t>(epoch)), static_cast<std::uint64_t>(pair));
  const auto side = [&](const SubwordSampler& sampler, std::span<const int> best, std::uint64_t number) {
    std::vector<int> drawn = sampler.draw(best, derive_seed(seed, number));
    if (drawn.size() > longest_) drawn.assign(best.begin(), best.end());
    return drawn;
  };
  const auto index = static_cast<std::size_t>(pair);
  return {side(*source_, pairs_.source(index), 0), side(*target_, pairs_.target(index), 1)};
}

}
