#include "autograd/tape.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// What all tapes of a thread share. Tapes on one thread end in the reverse order of their beginning, so each is a
/// range at the end of this store, and ending a tape means rewinding to where it began.
struct Store {
  Arena arena;
  std::deque<Node> nodes;      // never freed before the thread ends, so that a stale handle can be recognised
  std::size_t node_count = 0;  // how many of them are in use
  Tape* active = nullptr;
  std::uint64_t next_id;
  Store();
};

// An id is (number of the thread, number within the thread); 0 is nobody's.
constexpr int kThreadShift = 40;
std::atomic<std::uint64_t> thread_count{0};
Store::Store() : next_id((thread_count++ << kThreadShift) + 1) {}

Store& store() {
  static thread_local Store store;
  return store;
}

std::atomic<std::uint64_t> next_seed{1};
std::atomic<bool> check_finite{false};
std::atomic<OpObserver> op_observer{nullptr};

void tell_observer(const char* op, Pass pass) {
  if (auto* observer = op_observer.load(std::memory_order_relaxed)) observer(op, pass);
}

void require_finite(const char* op, const char* what, const Shape& shape, const Real* numbers) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (!std::isfinite(numbers[i])) fail("{}: {} of shape {} is {} at flat index {}", op, what, shape, numbers[i], i);
  }
}

/// d loss / d loss.
std::span<const Real> one_for(Tensor loss) {
  if (loss.size() != 1) fail("backward: the loss is {}; need one number (take its sum or mean)", loss.shape());
  static constexpr Real kOne = 1;
  return {&kOne, 1};
}

}

/// A recorded closure.
struct Tape::Step {
  void (*run)(void*);
  void* closure;
  std::span<const Tensor> outputs;
  const char* op;
  const char* scope;
  Step* previous;
};

/// All that a tape holds of one leaf.
struct Tape::LeafUse {
  struct Noted {
    Contribution contribution;
    Noted* previous;
  };
  Leaf* leaf;
  Tensor tensor;
  Node* node;
  Noted* noted;
  int noted_count;
  LeafUse* previous;
};

Tape::Tape(Mode mode) : Tape(mode, next_seed++) {}

Tape::Tape(Mode mode, std::uint64_t seed) : mode_(mode), random_{seed, 0}, outer_(store().active), start_(mark()) {
  store().active = this;
}

Tape::~Tape() {
  if (store().active != this) {
    std::fputs("gradus: a Tape must end on its own thread, after all tapes that began later; aborting\n", stderr);
    std::abort();
  }
  release(start_);
  store().active = outer_;
}

Tape& Tape::active() {
  Tape* tape = store().active;
  if (tape == nullptr) fail("tape: no tape is active on this thread; write `Tape tape;` before the first op");
  return *tape;
}

Arena& Tape::arena() { return store().arena; }

bool Tape::is_of_this_thread(std::uint64_t id) { return id >> kThreadShift == store().next_id >> kThreadShift; }

Tape::Mark Tape::mark() const {
  const Store& s = store();
  const std::uint64_t last_id = s.node_count == 0 ? 0 : s.nodes[s.node_count - 1].id;
  return {s.arena.mark(), this, s.node_count, last_id, last_, uses_};
}

void Tape::rewind(const Mark& mark) {
  if (store().active != this) fail("rewind: another tape is active; end it first");
  if (has_grads_) fail("rewind: this tape has gradients, which may lie behind the mark");
  const Store& s = store();
  const bool is_there = mark.nodes == 0 || (mark.nodes <= s.node_count && s.nodes[mark.nodes - 1].id == mark.last_id);
  if (mark.tape != this || !is_there) {
    fail("rewind: the mark is of another tape, or an earlier rewind went past it");
  }
  release(mark);
}

void Tape::release(const Mark& mark) {
  Store& s = store();
  while (s.node_count > mark.nodes) s.nodes[--s.node_count].id = 0;
  s.arena.rewind(mark.arena);
  last_ = mark.last;
  uses_ = mark.uses;
  for (LeafUse* use = uses_; use != nullptr; use = use->previous) use->node->cache = nullptr;
}

std::vector<const Node*> Tape::nodes() const {
  std::vector<const Node*> result;
  for (std::size_t i = start_.nodes; i < store().node_count; ++i) {
    if (store().nodes[i].tape == this) result.push_back(&store().nodes[i]);
  }
  return result;
}

Tape::RandomRange Tape::random(std::uint64_t count) {
  const RandomRange range = random_;
  random_.begin += count;
  return range;
}

Real* Tape::zeros(std::size_t count) {
  Real* numbers = allocate(count);
  std::fill_n(numbers, count, Real{0});
  return numbers;
}

namespace {

/// Gradients take the next power of two, so that those of a decoder's steps, of which each has a few rows more or less
/// than the last, can take each other's place.
int grad_size_class(const Node& node) {
  const std::size_t bytes = std::max<std::size_t>(node.shape.size() * sizeof(Real), Arena::kAlignment);
  return std::bit_width(bytes / sizeof(Real) - 1);
}

}

Real* Tape::new_grad(Node& node) {
  has_grads_ = true;
  const int size = grad_size_class(node);
  node.owns_grad = size < kGradSizes;
  if (!node.owns_grad) return node.grad = allocate(node.shape.size());  // large ones are few
  if (FreeGrad* const free = free_grads_[size]) {
    free_grads_[size] = free->next;
    return node.grad = reinterpret_cast<Real*>(free);
  }
  return node.grad = allocate(std::size_t{1} << size);
}

void Tape::drop_grad(Tensor output) {
  Node& node = output.node();
  if (keeps_grads_ || node.grad == nullptr) return;
  if (node.owns_grad) {
    FreeGrad*& free = free_grads_[grad_size_class(node)];
    free = new (node.grad) FreeGrad{free};
  }
  node.grad = nullptr;
}

Tensor Tape::add_node(const Shape& shape, const char* op, bool needs_grad) {
  Store& s = store();
  if (s.node_count == s.nodes.size()) s.nodes.emplace_back();
  Node& node = s.nodes[s.node_count++];
  node = Node();
  node.id = s.next_id++;
  node.shape = shape;
  node.needs_grad = needs_grad && mode_ == Record;
  node.op = op;
  node.scope = Scope::current();
  node.tape = this;
  return Tensor(&node, node.id);
}

Tensor Tape::add_leaf(Leaf& leaf) {
  for (LeafUse* use = uses_; use != nullptr; use = use->previous) {
    if (use->leaf == &leaf) return use->tensor;
  }
  const Tensor tensor = add_node(leaf.shape(), "parameter", !leaf.frozen);
  Node& node = tensor.node();
  node.value = leaf.value().data;
  node.leaf = &leaf;
  uses_ = new (allocate<LeafUse>(1)) LeafUse{&leaf, tensor, &node, nullptr, 0, uses_};
  return tensor;
}

void* Tape::add_step(const char* op, std::span<const Tensor> outputs, void (*run)(void*), std::size_t closure_bytes) {
  tell_observer(op, Pass::Forward);
  bool needs_grad = false;
  for (const Tensor& output : outputs) {
    Node& node = output.node();
    node.op = op;
    needs_grad |= node.needs_grad;
    if (check_finite.load(std::memory_order_relaxed)) require_finite(op, "output", node.shape, node.value);
  }
  if (!needs_grad) return nullptr;
  void* closure = arena().allocate(closure_bytes);
  last_ = new (allocate<Step>(1)) Step{run, closure, copy(outputs), op, Scope::current(), last_};
  return closure;
}

void Tape::note(Tensor use, const Contribution& contribution) {
  const Node* node = &use.node();
  for (LeafUse* candidate = uses_; candidate != nullptr; candidate = candidate->previous) {
    if (candidate->node != node) continue;
    candidate->noted = new (allocate<LeafUse::Noted>(1)) LeafUse::Noted{contribution, candidate->noted};
    ++candidate->noted_count;
    return;
  }
  fail("note: this tensor (made by {}) is not a parameter on this tape", node->op);
}

void Tape::backward(Tensor loss) { backward(loss, one_for(loss)); }

void Tape::backward(Tensor output, std::span<const Real> cotangent) {
  start_from(output, cotangent);
  run_closures();
  gather_all();
}

void Tape::gather_all() {
  const Tape* self = this;
  for (LeafUse* use = uses_; use != nullptr; use = use->previous) {
    if (!use->leaf->frozen) gather(*use->leaf, {&self, 1}, 0, use->leaf->rows());
  }
}

void Tape::sweep(Tensor loss) { sweep(loss, one_for(loss)); }

void Tape::sweep(Tensor output, std::span<const Real> cotangent) {
  start_from(output, cotangent);
  keeps_grads_ = false;
  run_closures();
}

void Tape::start_from(Tensor output, std::span<const Real> cotangent) {
  if (cotangent.size() != output.size()) {
    fail("backward: the cotangent has {} numbers; the output is {}", cotangent.size(), output.shape());
  }
  if (output.node().tape != this) fail("backward: the loss was recorded on another tape");
  if (mode_ == Inference) fail("backward: this tape is for inference and recorded nothing; use `Tape tape;`");
  if (!output.needs_grad()) fail("backward: the loss depends on no variable and no unfrozen parameter");
  if (store().active != this) fail("backward: another tape is active; end it first");
  if (swept_) fail("backward: this tape already ran backward; record the step anew on a new tape");
  swept_ = true;
  for (std::size_t i = 0; i < cotangent.size(); ++i) output.grad()[i] += cotangent[i];
}

void Tape::run_closures() {
  for (const Step* step = last_; step != nullptr; step = step->previous) {
    const bool reached = std::any_of(step->outputs.begin(), step->outputs.end(),
                                     [](const Tensor& output) { return output.node().grad != nullptr; });
    if (!reached) continue;
    const Scope scope(step->scope);
    step->run(step->closure);
    tell_observer(step->op, Pass::Backward);
    if (!check_finite.load(std::memory_order_relaxed)) continue;
    for (const Tensor& input : step->outputs.front().node().inputs) {
      const Node& node = input.node();
      if (node.grad != nullptr) require_finite(step->op, "gradient passed to an input", node.shape, node.grad);
    }
  }
}

void Tape::gather(Leaf& leaf, std::span<const Tape* const> tapes, int row_begin, int row_end) {
  const std::size_t row_size = leaf.rows() == 0 ? 0 : leaf.size() / leaf.rows();
  const Array grad = leaf.grad();
  Scratch scratch;
  std::size_t noted_count = 0;
  for (const Tape* tape : tapes) {
    for (const LeafUse* use = tape->uses_; use != nullptr; use = use->previous) {
      if (use->leaf != &leaf) continue;
      noted_count += use->noted_count;
      if (use->node->grad == nullptr) continue;
      for (std::size_t i = row_begin * row_size; i < row_end * row_size; ++i) grad[i] += use->node->grad[i];
    }
  }
  auto* noted = scratch.allocate<Contribution>(noted_count);
  std::size_t count = 0;
  for (const Tape* tape : tapes) {
    for (const LeafUse* use = tape->uses_; use != nullptr; use = use->previous) {
      if (use->leaf != &leaf) continue;
      for (const auto* n = use->noted; n != nullptr; n = n->previous)
        new (&noted[count++]) Contribution(n->contribution);
    }
  }
  // One call for each run of the same kind: a leaf used in one way only, as most are, is served by a single product.
  for (std::size_t begin = 0, end; begin < count; begin = end) {
    for (end = begin + 1; end < count && noted[end].add == noted[begin].add; ++end) {
    }
    noted[begin].add(grad, row_begin, row_end, {noted + begin, end - begin});
  }
}

namespace {

Tensor filled(const Shape& shape, std::span<const Real> values, const char* op, bool needs_grad) {
  if (values.size() != shape.size()) {
    fail("{}: {} numbers given for shape {}, which has {}", op, values.size(), shape, shape.size());
  }
  Tape& tape = Tape::active();
  Tensor tensor = tape.add_node(shape, op, needs_grad);
  tensor.node().value = tape.allocate(shape.size());
  std::copy(values.begin(), values.end(), tensor.value().begin());
  return tensor;
}

}

Tensor constant(const Shape& shape, std::span<const Real> values) { return filled(shape, values, "constant", false); }
Tensor constant(const Shape& shape, std::initializer_list<Real> values) {
  return constant(shape, std::span(values.begin(), values.size()));
}
Tensor variable(const Shape& shape, std::span<const Real> values) { return filled(shape, values, "variable", true); }
Tensor variable(const Shape& shape, std::initializer_list<Real> values) {
  return variable(shape, std::span(values.begin(), values.size()));
}

Tensor full(const Shape& shape, Real value) {
  Tape& tape = Tape::active();
  Tensor tensor = tape.add_node(shape, "constant", false);
  tensor.node().value = tape.allocate(shape.size());
  std::fill_n(tensor.value().begin(), shape.size(), value);
  return tensor;
}

Tensor output(const Shape& shape, std::span<const Tensor> inputs) {
  Tape& tape = Tape::active();
  bool needs_grad = false;
  for (const Tensor& input : inputs) {
    if (input.node().tape != &tape) fail("tape: an input (made by {}) is on an outer tape", input.node().op);
    needs_grad |= input.needs_grad();
  }
  Tensor tensor = tape.add_node(shape, "", needs_grad);
  tensor.node().value = tape.allocate(shape.size());
  if (tape.mode() == Tape::Record) tensor.node().inputs = tape.copy(inputs);
  return tensor;
}
Tensor output(const Shape& shape, std::initializer_list<Tensor> inputs) {
  return output(shape, std::span(inputs.begin(), inputs.size()));
}

void set_check_finite(bool on) { check_finite = on; }
OpObserver set_op_observer(OpObserver observer) { return op_observer.exchange(observer); }

}
