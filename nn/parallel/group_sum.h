#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "nn/optim/blocks.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/transport.h"
#include "ops/gemm/function_ref.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::inline GRADUS_PRECISION {

/// A training step on several ranks, with the same bits for any number of them.
///
/// A step's work is split into groups, as many as the recipe says. Each rank computes the gradients of a range of them,
/// and they add up in the order of the groups, whoever computed them: ((g0 + g1) + g2) + … . Each rank adds up, and
/// updates, its share of the weights (blocks of them, nn/optim/blocks.h), and then all get all weights:
///
///     GroupSum groups(model.parameters(), transport, 4);
///     double loss = groups.sum([&](int group) { return parallel.step(seeds[group], …); });
///     double norm = groups.grad_norm();
///     optimizer.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true, .share = groups.share()});
///     groups.gather_values();
///
/// All ranks make the same calls. A rank alone sends nothing.
///
/// It receives every other group's gradient of its share, so that G groups on P ranks cost a rank G/P · N · (P - 1)/P
/// numbers for N weights, and N · (P - 1)/P for the weights that come back: as much as an all-reduce if there is a
/// group a rank. A step's own work grows with G/P too.
class GroupSum {
 public:
  /// `transport` must outlive this, and the parameters must stay. Throws Error unless there is a group.
  GroupSum(std::vector<Parameter*> parameters, Transport& transport, int groups, ThreadPool* pool = nullptr);

  int groups() const { return groups_; }         ///< that of the constructor
  bool owns(int group) const;                    ///< whether the group is computed here
  Transport& transport() { return transport_; }  ///< what carries the ranks' numbers
  /// The blocks of the parameters (`cut_blocks`) that are this rank's: what `Optimizer::step` changes here.
  BlockRange share() const { return share_of(transport_.rank()); }

  /// Calls add_gradients(group) for this rank's groups, in their order. It adds the gradients of a group to those of
  /// the parameters, which are zero then, and returns its loss. Afterwards the gradients of this rank's share are the
  /// sums over all groups; the others are of no use. Returns the sum of all losses.
  ///
  /// If `add_gradients` throws, nothing is sent.
  double sum(FunctionRef<double(int group)> add_gradients);

  /// The norm of all gradients after `sum`, as `gradus::grad_norm` computes it.
  double grad_norm(std::span<double> each = {});

  /// Gives every rank the values of all parameters, each from the rank whose share it is.
  void gather_values();
  /// Gives rank 0 the optimiser's state, each number from the rank whose share it is: to be saved.
  void gather_state(Optimizer& optimizer);

 private:
  /// Numbers of one parameter that travel in one message.
  struct Piece {
    std::size_t parameter, begin, size;
  };
  /// The groups of a rank, from the first to before the second.
  std::pair<int, int> groups_of(int rank) const;
  BlockRange share_of(int rank) const;
  /// How many gradients a rank sends: one a group, but one alone of the first groups, which it can add up itself.
  int gradients_of(int rank) const;
  /// Calls visit(block, number of its parameter) for all blocks.
  void each_block(FunctionRef<void(const ParameterBlock& block, std::size_t parameter)> visit);
  /// Puts the gradients aside, or adds them to those that are there, and makes them zero for those of the next group.
  void keep_gradients(int slot, bool add);
  /// One of the gradients that this rank sends, in the order of its groups: the last one is where a group leaves it.
  const Real* own_gradient(int index, const Piece& piece) const;
  void exchange();
  /// gradient = the sum of the ranks' gradients of a piece of this rank's share, in the order of the groups.
  void add_up(const Piece& piece, std::span<const Real* const> gradients);
  /// Gives all ranks, or rank 0, every rank's share of the arrays, which are as long as the parameters.
  void gather_shares(std::span<Real* const> arrays, bool to_all);

  std::vector<Parameter*> parameters_;
  Transport& transport_;
  int groups_;
  ThreadPool* pool_;
  std::vector<ParameterBlock> blocks_;
  std::vector<std::size_t> parameter_of_;             // each of the blocks
  std::vector<std::vector<Piece>> pieces_;            // of each rank's share
  std::vector<std::size_t> group_ends_, block_ends_;  // where each rank's groups end, and its share
  std::vector<double> losses_, squares_;              // of each group; of each block of the gradients
  std::vector<std::vector<std::vector<Real>>> kept_;  // gradients of this rank's groups but the last, by parameter
  std::vector<Real> received_;                        // the others' gradients of this rank's share
};

}
