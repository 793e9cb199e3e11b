#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/base/pairs.h"
#include "examples/translate/data/drawn_pairs.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/module_norms.h"
#include "examples/translate/translator/translator.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/weight_average.h"
#include "nn/parallel/data_parallel.h"
#include "nn/parallel/group_sum.h"

namespace gradus::translate {

/// One change of a translator's weights after the other: forward and backward on the groups and shards of some batches,
/// the gradient clipped by its norm, and a step of the optimiser. What comes out depends on the configuration, the
/// batches and the place in the training alone, not on the number of threads and ranks that share the work.
class Update {
 public:
  /// `translator`, `pairs`, of which the batches are numbers, and `transport` must outlive this.
  Update(Translator& translator, Pairs pairs, Transport& transport);

  /// Where in the training a change is made, and what depends on that.
  struct Place {
    std::uint64_t step = 0;    ///< changes before this one; the seed of the dropout depends on it
    int epoch = 0, batch = 0;  ///< complete epochs, and batches in the one after them
    double done = 0;           ///< of the whole training, from 0 to 1
    double learning_rate = 0;  ///< of this change
    double baseline = 0;       ///< of hard attention: the moving average of a word's loss
  };
  /// What the batches were like before the change.
  struct Result {
    double loss = 0;         ///< a word's
    double norm = 0;         ///< of the gradient, before it is clipped
    std::int64_t words = 0;  ///< of the targets
  };
  /// Makes a change by the gradients of these batches together.
  ///
  /// Throws Error if the loss or the gradient is not finite. In that case the gradients are computed once more under
  /// the checking mode (autograd/inspect/check.h), so that the error names the op and the module that began with it.
  Result make(std::span<const std::vector<int>> batches, const Place& place);

  /// How many target words the pairs of a batch have, in their best subwords.
  std::int64_t words_of(std::span<const int> batch) const { return target_words(pairs_, batch); }
  /// The norms of the modules' gradients before the last change, and of their values.
  std::vector<ModuleNorm> gradient_norms() const { return module_norms(parameters_, norms_); }
  std::vector<ModuleNorm> weight_norms();
  /// What a training that diverges is advised to do.
  std::string lower_rate_hint() const;

  /// What changes the parameters, to be saved with them: of each number only the rank has it that makes its changes,
  /// unless it was gathered.
  Updates state() { return {*optimizer_, average()}; }
  /// Gives rank 0 the whole state.
  void gather_state() { groups_.gather_state(*optimizer_); }
  /// Forgets what of the state is another rank's.
  void keep_own_state() { optimizer_->keep_state_of(groups_.share()); }
  /// The moving average of the weights; null without one.
  WeightAverage* average() { return average_ ? &*average_ : nullptr; }
  /// The threads, for other work between two changes.
  ThreadPool& pool() { return parallel_.pool(); }

 private:
  /// The pairs of each batch whose gradients are added up, by group, and what their loss is divided by.
  struct Work {
    Pairs pairs;
    std::vector<std::vector<std::vector<int>>> batches;
    std::int64_t divisor;
    const Place& place;
  };
  /// The change by batches of these pairs.
  Result make(Pairs pairs, std::span<const std::vector<int>> batches, const Place& place);
  /// Adds the gradients of a group of the batches and returns their loss.
  double add_gradients(const Work& work, int group);
  double add_gradients(const Work& work, std::span<const int> chosen, std::uint64_t seed);
  static std::int64_t target_words(Pairs pairs, std::span<const int> batch);
  [[noreturn]] void fail_as_not_finite(const Work& work, const Result& result);

  Translator& translator_;
  const TrainConfig& config_;
  Pairs pairs_;
  DrawnPairs draws_;  // of pairs_
  std::vector<Parameter*> parameters_;
  std::vector<double> norms_;  // of each parameter's gradient
  DataParallel parallel_;
  GroupSum groups_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<WeightAverage> average_;
  std::vector<Batch> shards_;  // of the current batch; the tapes' closures read them
};

}
