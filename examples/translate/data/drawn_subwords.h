#pragma once

#include <memory>

#include "examples/translate/base/pairs.h"
#include "examples/translate/config/config.h"
#include "examples/translate/text/language.h"
#include "examples/translate/text/sampling/subword_sampler.h"

namespace gradus::translate {

/// A training text in other subwords each epoch, as `DataConfig::subword_dropout` and `subword_sampling` say. They are
/// drawn when a step asks for them and held no longer: what the text takes of memory stays as it is.
class DrawnSubwords {
 public:
  /// `pairs`, which are those of the best subwords, must outlive this.
  DrawnSubwords(Pairs pairs, const Language& source, const Language& target, const TrainConfig& config);

  /// Whether the configuration asks for any.
  bool is_on() const { return source_ != nullptr; }
  /// A pair as an epoch reads it, which depends on the configuration's seed, the epoch and the pair alone. A side that
  /// would have more than `max_length` subwords keeps its best ones.
  Pair draw(int pair, int epoch) const;

 private:
  Pairs pairs_;
  std::uint64_t seed_;
  std::size_t longest_;  // a side, with </s>
  std::shared_ptr<const SubwordSampler> source_, target_;
};

}
