#include "autograd/tape.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "autograd/path.h"
#include "autograd/seam.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// What all tapes of a thread share. Tapes on one thread end in the reverse order of their beginning, so each is a
/// range at the end of this store, and ending a tape means rewinding to where it began.
struct Store {
  Arena arena;
  std::deque<Node> nodes;      // never freed before the thread ends, so that a stale handle can be recognised
  std::size_t node_count = 0;  // how many of them are in use
  Tape* active = nullptr;

  Node* newest() { return node_count == 0 ? nullptr : &nodes[node_count - 1]; }
};

thread_local Store store;

Real* allocate(const char* op, const Shape& shape) try {
  return store.arena.allocate(shape.size());
} catch (const Error&) {
  fail("{}: no memory for {}: {} bytes", op, shape, shape.size() * sizeof(Real));
}

}

// Recording: the forward pass

Tensor Tape::add_node(const Shape& shape, const char* op, bool needs_grad, Real* value) {
  if (value == nullptr) value = allocate(op, shape);
  if (store.node_count == store.nodes.size()) store.nodes.emplace_back();
  Node& node = store.nodes[store.node_count++] = Node();
  node.id = Tensor::new_id();
  node.shape = shape;
  node.value = value;
  node.needs_grad = needs_grad && mode_ == Record;
  node.op = op;
  node.path = ModulePath::current();
  node.tape = this;
  return Tensor(node);
}

Tensor output(const Shape& shape, List<Tensor> inputs, Real* value, const char* op) {
  Tape& tape = Tape::active();
  bool needs_grad = false;
  for (const Tensor& input : inputs) {
    if (input.node().tape != &tape) fail("tape: an input (made by {}) is on an outer tape", input.node().op);
    needs_grad |= input.needs_grad();
  }
  const Tensor tensor = tape.add_node(shape, op, needs_grad, value);
  if (tape.mode() == Tape::Record) tensor.node().inputs = tape.arena().copy<Tensor>(inputs);
  return tensor;
}

void* Tape::add_closure(const char* op, std::span<const Tensor> outputs, void (*run)(void*), std::size_t bytes) {
  bool needs_grad = false;
  for (const Tensor& output : outputs) {
    output.node().op = op;
    needs_grad |= output.needs_grad();
  }
  if (const TapeObserver* o = tape_observer.load(std::memory_order_relaxed)) o->computed(op, outputs);
  if (!needs_grad) return nullptr;
  Node& node = outputs.back().node();
  node.outputs = arena().copy(outputs);
  node.run = run;
  return node.closure = arena().allocate_bytes(bytes);
}

// The backward pass

void Tape::backward(Tensor loss) {
  if (loss.size() != 1) fail("backward: the loss is {}; need one number (take its sum or mean)", loss.shape());
  backward(loss, {1});  // d loss / d loss
}

void Tape::backward(Tensor output, List<Real> cotangent) {
  run_closures(output, cotangent);
  for (const Node* node = last_leaf_; node != nullptr; node = node->previous_leaf)
    if (node->leaf != nullptr) gather(*node->leaf, *this);
}

void Tape::run_closures(Tensor output, List<Real> cotangent) {
  require_backward(output, cotangent.size());
  ran_backward_ = true;
  const Array start = accumulator(output);
  for (std::size_t i = 0; i < cotangent.size(); ++i) start.data[i] += cotangent[i];
  for (std::size_t i = store.node_count; i-- > 0 && store.nodes[i].tape == this;) {  // the newest first
    const Node& node = store.nodes[i];
    const auto is_reached = [](const Tensor& output) { return output.node().grad != nullptr; };
    if (std::none_of(node.outputs.begin(), node.outputs.end(), is_reached)) continue;
    const ModulePath here(node.path);
    node.run(node.closure);
    if (const TapeObserver* o = tape_observer.load(std::memory_order_relaxed)) o->passed_back(node.op, node.outputs);
    if (grad_memory_ == nullptr) continue;
    for (const Tensor& output : node.outputs) grad_memory_->take_back(output.node());
  }
}

void Tape::require_backward(Tensor output, std::size_t numbers) const {
  if (numbers != output.size())
    fail("backward: the cotangent has {} numbers; the output is {}", numbers, output.shape());
  if (output.node().tape != this) fail("backward: the loss was recorded on another tape");
  if (mode_ == Inference) fail("backward: this tape is for inference and recorded nothing; use `Tape tape;`");
  if (!output.needs_grad()) fail("backward: the loss depends on no variable and no unfrozen parameter");
  if (store.active != this) fail("backward: another tape is active; end it first");
  if (ran_backward_) fail("backward: this tape already ran backward; record the step anew on a new tape");
}

Array accumulator(Tensor x) {
  Node& node = x.node();
  if (!node.needs_grad) fail("grad: this tensor (made by {}) needs no gradient", node.op);
  if (node.grad == nullptr) std::fill_n(node.tape->new_grad(node), node.shape.size(), Real{0});
  return {node.grad, node.shape};
}

Real* Tape::new_grad(Node& node) {
  if (store.active != this) fail("grad: another tape is active than the one this tensor (made by {}) is on", node.op);
  return node.grad = grad_memory_ ? grad_memory_->lend(node) : allocate(node.op, node.shape);
}

// Parameters

Tensor Leaf::tensor() { return Tape::active().use(*this); }

Tensor Tape::use(Leaf& leaf) {
  if (Node* const used = find(leaf)) return Tensor(*used);
  const Tensor tensor = add_node(leaf.shape(), "parameter", !leaf.frozen, leaf.value().data);
  Node& node = tensor.node();
  node.leaf = &leaf;
  node.previous_leaf = std::exchange(last_leaf_, &node);
  return tensor;
}

Leaf::~Leaf() {
  for (const Tape* tape = store.active; tape != nullptr; tape = tape->outer_)
    if (Node* const node = tape->find(*this)) node->id = kEndedLeaf, node->leaf = nullptr;
  std::free(memory_);
}

Node* Tape::find(const Leaf& leaf) const {
  Node* node = last_leaf_;
  while (node != nullptr && node->leaf != &leaf) node = node->previous_leaf;
  return node;
}

// Beginning and end

std::uint64_t Tape::next_seed() {
  static std::atomic<std::uint64_t> next{1};
  return next++;
}

Tape::Tape(Mode mode, std::uint64_t seed) : mode_(mode), random_{seed, 0}, outer_(store.active), start_(position()) {
  store.active = this;
}

Tape::~Tape() {
  if (store.active != this) {
    std::fputs("gradus: a Tape must end on its own thread, after all tapes that began later; aborting\n", stderr);
    std::abort();
  }
  rewind(start_);
  store.active = outer_;
}

Tape& Tape::active() {
  if (store.active == nullptr) fail("tape: no tape is active on this thread; write `Tape tape;` before the first op");
  return *store.active;
}

Arena& Tape::arena() { return store.arena; }

Tape::Position Tape::position() const { return {store.arena.mark(), store.newest(), last_leaf_}; }

void Tape::rewind(const Position& position) {
  while (store.newest() != position.newest) store.nodes[--store.node_count].id = 0;
  store.arena.rewind(position.arena);
  last_leaf_ = position.last_leaf;
  for (Node* node = last_leaf_; node != nullptr; node = node->previous_leaf) node->attachments = nullptr;
}

std::vector<const Node*> Tape::nodes() const {
  std::vector<const Node*> result;
  for (std::size_t i = 0; i < store.node_count; ++i) {
    if (store.nodes[i].tape == this) result.push_back(&store.nodes[i]);
  }
  return result;
}

}
