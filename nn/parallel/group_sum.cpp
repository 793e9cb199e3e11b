#include "nn/parallel/group_sum.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "autograd/error.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr std::size_t kPieceSize = 16 * kBlockSize;  // a megabyte: the latency of a message is nothing beside it

/// Where the rank's part of so many things begins, if they are dealt out in ranges of nearly equal length. The first
/// ranks get something if there is not enough for all.
std::size_t begin_of(int rank, std::size_t things, int ranks) {
  const auto divisor = static_cast<std::size_t>(ranks);
  return (static_cast<std::size_t>(rank) * things + divisor - 1) / divisor;
}

}

GroupSum::GroupSum(std::vector<Parameter*> parameters, Transport& transport, int groups, ThreadPool* pool)
    : parameters_(std::move(parameters)),
      transport_(transport),
      groups_(groups),
      pool_(pool),
      blocks_(cut_blocks(parameters_)),
      pieces_(static_cast<std::size_t>(transport.size())),
      losses_(static_cast<std::size_t>(std::max(groups, 0))),
      squares_(blocks_.size()) {
  if (groups < 1) fail("group sum: {} groups; need at least one", groups);
  std::size_t parameter = 0;
  for (int rank = 0; rank < transport.size(); ++rank) {
    group_ends_.push_back(static_cast<std::size_t>(groups_of(rank).second));
    const auto [begin, end] = share_of(rank);
    block_ends_.push_back(end);
    std::vector<Piece>& pieces = pieces_[rank];
    for (std::size_t i = begin; i < end; ++i) {
      const ParameterBlock& block = blocks_[i];
      while (parameters_[parameter] != block.parameter) ++parameter;
      parameter_of_.push_back(parameter);
      const bool goes_on =
          !pieces.empty() && pieces.back().parameter == parameter && pieces.back().size + block.size <= kPieceSize;
      if (goes_on) {
        pieces.back().size += block.size;
      } else {
        pieces.push_back({parameter, block.begin, block.size});
      }
    }
  }
}

std::pair<int, int> GroupSum::groups_of(int rank) const {
  const auto begin = [&](int r) { return static_cast<int>(begin_of(r, losses_.size(), transport_.size())); };
  return {begin(rank), begin(rank + 1)};
}

bool GroupSum::owns(int group) const {
  const auto [begin, end] = groups_of(transport_.rank());
  return begin <= group && group < end;
}

BlockRange GroupSum::share_of(int rank) const {
  return {begin_of(rank, blocks_.size(), transport_.size()), begin_of(rank + 1, blocks_.size(), transport_.size())};
}

int GroupSum::gradients_of(int rank) const {
  const auto [begin, end] = groups_of(rank);
  return rank == 0 ? 1 : end - begin;
}

double GroupSum::sum(FunctionRef<double(int group)> add_gradients) {
  const int rank = transport_.rank();
  const auto [begin, end] = groups_of(rank);
  for (int group = begin; group < end; ++group) {
    if (group > begin) keep_gradients(rank == 0 ? 0 : group - begin - 1, rank == 0 && group > 1);
    losses_[group] = add_gradients(group);
  }
  if (rank == 0 && end > 1) {
    each_block([&](const ParameterBlock& block, std::size_t parameter) {
      Real* const grad = &block.parameter->grad()[block.begin];
      kernels::add(&kept_[0][parameter][block.begin], grad, grad, block.size);
    });
  }
  if (transport_.size() > 1) exchange();
  gather_all(transport_, std::span(losses_), group_ends_);
  return std::accumulate(losses_.begin(), losses_.end(), 0.0);
}

void GroupSum::each_block(FunctionRef<void(const ParameterBlock& block, std::size_t parameter)> visit) {
  run_parallel(pool_, static_cast<int>(blocks_.size()), [&](int i) { visit(blocks_[i], parameter_of_[i]); });
}

void GroupSum::keep_gradients(int slot, bool add) {
  if (static_cast<std::size_t>(slot) == kept_.size()) {
    std::vector<std::vector<Real>>& kept = kept_.emplace_back();
    for (const Parameter* parameter : parameters_) kept.emplace_back(parameter->size());
  }
  each_block([&](const ParameterBlock& block, std::size_t parameter) {
    Real* const grad = &block.parameter->grad()[block.begin];
    Real* const kept = &kept_[slot][parameter][block.begin];
    if (add) {
      kernels::add(kept, grad, kept, block.size);
    } else {
      kernels::copy(grad, kept, block.size);
    }
    kernels::fill(0, grad, block.size);
  });
}

const Real* GroupSum::own_gradient(int index, const Piece& piece) const {
  const bool last = index + 1 == gradients_of(transport_.rank());
  return last ? &parameters_[piece.parameter]->grad()[piece.begin] : &kept_[index][piece.parameter][piece.begin];
}

void GroupSum::exchange() {
  const int rank = transport_.rank(), ranks = transport_.size();
  const std::vector<Piece>& own = pieces_[rank];
  std::size_t numbers = 0;
  for (const Piece& piece : own) numbers += piece.size;
  int others = 0;  // gradients that come from other ranks
  for (int other = 0; other < ranks; ++other) others += other == rank ? 0 : gradients_of(other);
  received_.resize(numbers * static_cast<std::size_t>(others));

  std::vector<Messages> arriving;  // for each piece of the share, from the other ranks
  std::vector<std::vector<const Real*>> gradients;
  Real* room = received_.data();
  for (const Piece& piece : own) {
    Messages& messages = arriving.emplace_back(transport_);
    std::vector<const Real*>& from_all = gradients.emplace_back();
    for (int other = 0; other < ranks; ++other) {
      for (int i = 0; i < gradients_of(other); ++i) {
        from_all.push_back(other == rank ? own_gradient(i, piece) : room);
        if (other == rank) continue;
        messages.receive(other, std::span(room, piece.size));
        room += piece.size;
      }
    }
  }
  Messages leaving(transport_);
  for (int other = 0; other < ranks; ++other) {
    if (other == rank) continue;
    for (const Piece& piece : pieces_[other]) {
      for (int i = 0; i < gradients_of(rank); ++i) leaving.send(other, std::span(own_gradient(i, piece), piece.size));
    }
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    arriving[i].wait();
    add_up(own[i], gradients[i]);
  }
  leaving.wait();
}

void GroupSum::add_up(const Piece& piece, std::span<const Real* const> gradients) {
  Real* const sum = &parameters_[piece.parameter]->grad()[piece.begin];  // one of the gradients, too
  if (gradients.size() < 2) {
    if (!gradients.empty() && gradients[0] != sum) kernels::copy(gradients[0], sum, piece.size);
    return;
  }
  const std::size_t blocks = (piece.size + kBlockSize - 1) / kBlockSize;
  run_parallel(pool_, static_cast<int>(blocks), [&](int block) {
    const std::size_t begin = static_cast<std::size_t>(block) * kBlockSize;
    const std::size_t size = std::min(kBlockSize, piece.size - begin);
    std::array<Real, kBlockSize> partial;
    const Real* before = gradients.front() + begin;
    for (std::size_t i = 1; i < gradients.size(); ++i) {
      Real* const next = i + 1 == gradients.size() ? sum + begin : partial.data();
      kernels::add(before, gradients[i] + begin, next, size);
      before = next;
    }
  });
}

double GroupSum::grad_norm(std::span<double> each) {
  const BlockRange own = share();
  run_parallel(pool_, static_cast<int>(own.end - own.begin), [&](int i) {
    const std::size_t number = own.begin + static_cast<std::size_t>(i);
    const ParameterBlock& block = blocks_[number];
    squares_[number] = kernels::square_sum(&block.parameter->grad()[block.begin], block.size);
  });
  gather_all(transport_, std::span(squares_), block_ends_);
  return norm_of_blocks(parameters_, squares_, each);
}

void GroupSum::gather_values() {
  std::vector<Real*> values;
  for (Parameter* parameter : parameters_) values.push_back(parameter->value().data);
  gather_shares(values, true);
}

void GroupSum::gather_state(Optimizer& optimizer) {
  const std::vector<NamedArray> state = optimizer.state();
  const std::size_t names = state.size() / std::max<std::size_t>(parameters_.size(), 1);
  for (std::size_t name = 0; name < names; ++name) {
    std::vector<Real*> arrays;
    for (std::size_t i = name; i < state.size(); i += names) arrays.push_back(state[i].array.data);
    gather_shares(arrays, false);
  }
}

void GroupSum::gather_shares(std::span<Real* const> arrays, bool to_all) {
  Messages messages(transport_);
  const int rank = transport_.rank();
  for (int other = 0; other < transport_.size(); ++other) {
    if (other == rank) continue;
    const auto numbers = [&](const Piece& piece) {
      return std::span(arrays[piece.parameter] + piece.begin, piece.size);
    };
    if (to_all || rank == 0) {
      for (const Piece& piece : pieces_[other]) messages.receive(other, numbers(piece));
    }
    if (to_all || other == 0) {
      for (const Piece& piece : pieces_[rank]) messages.send(other, std::span<const Real>(numbers(piece)));
    }
  }
  messages.wait();
}

}
