#pragma once

#include <memory>

#include "examples/translate/base/pairs.h"
#include "examples/translate/config/config.h"
#include "examples/translate/text/language.h"
#include "examples/translate/text/sampling/subword_sampler.h"

namespace gradus::translate {

/// A training text that is another one each epoch: in other subwords, as `DataConfig::subword_dropout` and
/// `subword_sampling` say, and with other pairs appended to some of its pairs, as `DataConfig::concatenate` says
/// (Nguyen et al. 2021). Pairs are drawn when a step asks for them and held no longer: what the text takes of memory
/// stays as it is.
class DrawnPairs {
 public:
  /// `pairs`, which are those of the best subwords, must outlive this.
  DrawnPairs(Pairs pairs, const Language& source, const Language& target, const TrainConfig& config);

  /// Whether the configuration asks for any of it.
  bool is_on() const { return source_ != nullptr || concatenate_ > 0; }
  /// A pair as an epoch reads it, which depends on the configuration's seed, the epoch and the pair alone. A side that
  /// would have more than `max_length` subwords keeps its best ones, and a pair with such a side stays alone.
  Pair draw(int pair, int epoch) const;

 private:
  /// The pair by itself.
  Pair draw_alone(std::size_t pair, int epoch) const;

  Pairs pairs_;
  std::uint64_t seed_;
  std::size_t longest_;  // a side, with </s>
  double concatenate_;
  std::shared_ptr<const SubwordSampler> source_, target_;  // null: the best subwords
};

}
