#include "autograd/gather.h"

#include <algorithm>

#include "autograd/scratch.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A contribution that waits at the parameter's node.
struct Noted : Attachment {
  explicit Noted(const Contribution& contribution) : Attachment(typeid(Noted)), contribution(contribution) {}
  Contribution contribution;
};

/// Calls visit(node) for the leaf's node on each tape where it is used.
template <class Visit>
void each_node(const Leaf& leaf, std::span<const Tape* const> tapes, Visit visit) {
  for (const Tape* tape : tapes) {
    if (const Node* node = tape->find(leaf)) visit(*node);
  }
}

/// Calls visit(contribution) for all that a parameter's node has noted.
template <class Visit>
void each_noted(const Node& node, Visit visit) {
  for (auto* noted = find_attachment<Noted>(node.attachments); noted; noted = find_attachment<Noted>(noted->next)) {
    visit(noted->contribution);
  }
}

/// Calls visit(contribution) for all that the tapes have noted for the leaf.
template <class Visit>
void each_noted(const Leaf& leaf, std::span<const Tape* const> tapes, Visit visit) {
  each_node(leaf, tapes, [&](const Node& node) { each_noted(node, visit); });
}

}

void contribute(Tensor weight, const Contribution& contribution) {
  Node& node = weight.node();
  if (node.leaf == nullptr) return contribution.add(accumulator(weight), 0, weight.dim(0), {&contribution, 1});
  attach(node.attachments, node.tape->arena().make<Noted>(contribution));
}

std::vector<Contribution> noted_contributions(const Node& parameter) {
  std::vector<Contribution> all;
  each_noted(parameter, [&](const Contribution& contribution) { all.push_back(contribution); });
  return all;
}

ConstArray kept_grad(Tensor output) {
  output.node().grad_is_lent = false;
  return std::as_const(output).grad();
}

void gather(Leaf& leaf, List<const Tape*> tapes, int row_begin, int row_end) {
  const TapeObserver* const observer = tape_observer.load(std::memory_order_relaxed);
  if (observer != nullptr) observer->gathering(leaf, row_begin, row_end);
  const std::size_t row_size = leaf.row_size();
  const Array grad = leaf.grad();
  each_node(leaf, tapes, [&](const Node& node) {
    if (node.grad == nullptr) return;
    for (std::size_t i = row_begin * row_size; i < row_end * row_size; ++i) grad.data[i] += node.grad[i];
  });

  std::size_t count = 0;
  each_noted(leaf, tapes, [&](const Contribution&) { ++count; });
  Scratch scratch;
  auto* const noted = scratch.allocate<Contribution>(count);
  count = 0;
  each_noted(leaf, tapes, [&](const Contribution& contribution) { new (&noted[count++]) Contribution(contribution); });
  // One call for each run of the same kind: a leaf used in one way only, as most are, is served by a single product.
  for (std::size_t begin = 0, end; begin < count; begin = end) {
    for (end = begin + 1; end < count && noted[end].add == noted[begin].add; ++end) {
    }
    noted[begin].add(grad, row_begin, row_end, {noted + begin, end - begin});
  }
  if (observer != nullptr) observer->gathered(leaf, row_begin, row_end);
}

void gather(Leaf& leaf, const Tape& tape) {
  if (!leaf.frozen) gather(leaf, &tape, 0, leaf.rows());
}

KeptGradients::KeptGradients(List<Leaf*> leaves) {
  for (Leaf* leaf : leaves) {
    const Array grad = leaf->grad();
    kept_.emplace_back(leaf, std::vector<Real>(grad.begin(), grad.end()));
    leaf->zero_grad();
  }
}

KeptGradients::~KeptGradients() {
  for (const auto& [leaf, grad] : kept_) std::copy(grad.begin(), grad.end(), leaf->grad().begin());
}

}
