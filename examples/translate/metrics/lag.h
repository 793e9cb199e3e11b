#pragma once

#include <span>

/// How far a translation that is written while its source still comes stays behind it. A word t of the translation is
/// written when g(t) words of the source were read. Words are those of the model, which may be subwords, and the end of
/// sentence counts as one on both sides.

namespace gradus::translate {

/// The lag of a translation, or the mean of several.
struct Lag {
  /// Average Lagging, in words of the source (Ma et al. 2019):
  ///     1/τ Σ_t g(t) - (t - 1)/r        t from 1 to τ, the first t with g(t) = |x|        r = |y|/|x|
  /// how many words the translation is behind an ideal one that goes along with its source. One that waits for the
  /// whole sentence lags by |x|.
  double average_lagging = 0;
  /// Average Proportion (Cho and Esipova 2016): Σ_t g(t) / (|x| |y|), from 0 to 1; 1 for one that waits.
  double average_proportion = 0;
};

/// The lag of one translation. delays: g of each of its words, not decreasing, the last one that of </s>. Throws for
/// none.
Lag lag_of(std::span<const int> delays, int source_length);

/// The mean of several, at least one.
Lag mean_of(std::span<const Lag> lags);

}
