#include <algorithm>
#include <bit>

#include "autograd/gather.h"
#include "autograd/seam.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Gradients take the next power of two, so that those of a decoder's steps, of which each has a few rows more or less
/// than the last, can take each other's place. Lives in the tape's arena.
class RecycledGrads : public GradMemory {
 public:
  explicit RecycledGrads(Arena& arena) : arena_(arena) {}

  Real* lend(Node& node) override {
    const int size = size_class(node);
    if (size >= kSizes) return arena_.allocate(node.shape.size());
    node.grad_is_lent = true;
    Free* const free = free_[size];
    if (free == nullptr) return arena_.allocate(std::size_t{1} << size);
    free_[size] = free->next;
    return reinterpret_cast<Real*>(free);
  }

  void take_back(Node& output) override {
    Real* const grad = std::exchange(output.grad, nullptr);
    if (grad == nullptr || !output.grad_is_lent) return;
    Free*& free = free_[size_class(output)];
    free = new (grad) Free{free};
  }

 private:
  struct Free {
    Free* next;
  };
  static constexpr int kSizes = 17;  // larger ones are few

  static int size_class(const Node& node) {
    return std::bit_width(std::max(node.shape.size(), Arena::kAlignment / sizeof(Real)) - 1);
  }

  Arena& arena_;
  Free* free_[kSizes] = {};  // [i]: those of 2^i numbers
};

}

void sweep(Tape& tape, Tensor loss) {
  if (loss.size() != 1) fail("backward: the loss is {}; need one number (take its sum or mean)", loss.shape());
  sweep(tape, loss, 1);
}

void sweep(Tape& tape, Tensor output, List<Real> cotangent) {
  tape.grad_memory_ = tape.arena().make<RecycledGrads>(tape.arena());
  tape.run_closures(output, cotangent);
}

}
