#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace gradus::translate {

/// Where a training stands, besides the numbers of model and optimiser. With them it goes on as if it had not stopped.
struct TrainState {
  int epoch = 0;           ///< epochs that are complete
  int batch = 0;           ///< batches that are complete in the epoch after them
  std::uint64_t step = 0;  ///< steps so far; the seed of a step's dropout depends on it
  double learning_rate = 0;
  double loss_sum = 0;             ///< of the words since the last validation
  std::int64_t words = 0;          ///< target words since the last validation
  std::uint64_t validated_at = 0;  ///< the step of the last validation
  double best_bleu = -1;           ///< negative before the first validation
  double best_loss = 0;            ///< the validation cross-entropy of the best model
  int best_epoch = 0;
  double lowest_loss = std::numeric_limits<double>::max();  ///< the lowest validation cross-entropy so far
  int without_gain = 0;                                     ///< validations since the last one that gained anything
  std::uint64_t plateau_from = 0;  ///< the step of that one, or of the last fall of the learning rate since
  double baseline = 0;             ///< of hard attention: the moving average of a word's loss
  double seconds = 0;              ///< spent on training and validation, in all sessions together
  std::uint64_t text = 0;          ///< the `fingerprint` of the text that is learned; 0 in files that know of none

  /// Whether a model with these numbers is better than the best one so far: by BLEU, but as long as that is near 0,
  /// where it is noise, by the cross-entropy, as between equal ones.
  bool is_beaten_by(double bleu, double loss) const {
    if (best_epoch == 0) return true;
    if (bleu == best_bleu || std::max(bleu, best_bleu) < kMeaningfulBleu) return loss < best_loss;
    return bleu > best_bleu;
  }
  /// Whether a validation with these numbers shows that the training gets on: it has a better model, or a lower
  /// cross-entropy than any before.
  bool gains_by(double bleu, double loss) const {
    return is_beaten_by(bleu, loss) || loss < (1 - kLeastGain) * lowest_loss;
  }

  static constexpr double kMeaningfulBleu = 2;
  static constexpr double kLeastGain = 1e-3;
};

/// The state as JSON, which checkpoints have in their metadata, and back. A field that a file of an older version does
/// not have keeps its first value. Throws Error naming the field for what is no number, or none that a training has.
std::string state_text(const TrainState& state);
TrainState read_state(std::string_view text);

}
