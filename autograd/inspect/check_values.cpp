#include "autograd/inspect/check_values.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <unordered_map>

#include "autograd/gradcheck.h"
#include "autograd/inspect/describe.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Of the bits of the numbers; never 0. Four chains, since each multiplication waits for the one before.
std::uint64_t hash_of(const Real* numbers, std::size_t count) {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  std::uint64_t chains[4] = {1, 2, 3, 4};
  const auto add = [](std::uint64_t& hash, Real number) {
    hash = (hash ^ std::bit_cast<Bits>(number)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  };
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int k = 0; k < 4; ++k) add(chains[k], numbers[i + k]);
  }
  for (; i < count; ++i) add(chains[i % 4], numbers[i]);
  std::uint64_t result = 0;
  for (const std::uint64_t hash : chains) result = std::rotl(result, 16) ^ hash;
  return result == 0 ? 1 : result;
}

std::uint64_t hash_of(const Node& node) { return hash_of(node.value, node.shape.size()); }

// What is known of a node stands in a table and not at the node, since what is attached there must not be younger than
// the tape's marks. Nodes are never freed, so the table is bounded as they are; the id tells an old entry.
struct Known {
  std::uint64_t id = 0, hash = 0;
  bool verified = false;  // a parameter, which many ops read, once a tape
};
thread_local std::unordered_map<const Node*, Known> known_values;

void remember(const Node& node) {
  Known& known = known_values[&node];
  if (known.id != node.id) known = {node.id, hash_of(node)};
}

bool is_changed(const Node& node) {
  const auto found = known_values.find(&node);
  if (found == known_values.end() || found->second.id != node.id || found->second.verified) return false;
  found->second.verified = node.leaf != nullptr;
  return hash_of(node) != found->second.hash;
}

/// For each row of a parameter the hash of the values when a gradient was last added to it; 0 for none yet.
using RowHashes = std::vector<std::uint64_t>;

// Nor may this stand at the parameter: other threads may read its attachments meanwhile.
std::mutex gradients_mutex;
std::map<const Leaf*, RowHashes>& gradients() {
  static std::map<const Leaf*, RowHashes> gradients;
  return gradients;
}

/// Different rows may be used by different threads.
RowHashes& hashes_of(const Leaf& leaf) {
  const std::lock_guard lock(gradients_mutex);
  RowHashes& hashes = gradients()[&leaf];
  hashes.resize(leaf.rows());
  return hashes;
}

}

void remember_values(std::span<const Tensor> outputs) {
  const bool has_closure = std::any_of(outputs.begin(), outputs.end(), [](const Tensor& y) { return y.needs_grad(); });
  if (!has_closure) return;
  for (const Tensor& input : outputs.front().node().inputs) remember(input.node());
  for (const Tensor& output : outputs) remember(output.node());
}

void require_same_values(const char* op, std::span<const Tensor> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!is_changed(outputs[i].node())) continue;
    fail(
        "{}: an output was changed before backward: {} {} is not what {} computed; need it as it was, so write to "
        "a copy",
        op, output_name(op, i), outputs[i].shape(), op);
  }
  const std::span<const Tensor> inputs = outputs.front().node().inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_changed(inputs[i].node())) continue;
    fail("{}: an input was changed before backward: {}, is not what it was; need it as it was, so {}", op,
         input_text(outputs.front().node(), i),
         inputs[i].node().leaf ? "update parameters after backward" : "write to a copy");
  }
}

void require_gradient_of_value(const Leaf& leaf, int row_begin, int row_end) {
  const RowHashes& hashes = hashes_of(leaf);
  const std::size_t row_size = leaf.row_size();
  for (int row = row_begin; row < row_end; ++row) {
    const Real* const grad = leaf.grad().data + row * row_size;
    const auto is_zero = [](Real x) { return x == 0; };
    if (hashes[row] == 0 || std::all_of(grad, grad + row_size, is_zero)) continue;
    if (hash_of(leaf.value().data + row * row_size, row_size) == hashes[row]) continue;
    fail(
        "backward: gradients of two steps would add up: that of the parameter {} {} is not 0 from {} on, though its "
        "value has changed since; need zero_grad() after each update, or step({{.zero_grads = true}})",
        leaf.name(), leaf.shape(), position(leaf.shape(), row * row_size));
  }
}

void remember_value_of_gradient(const Leaf& leaf, int row_begin, int row_end) {
  RowHashes& hashes = hashes_of(leaf);
  const std::size_t row_size = leaf.row_size();
  for (int row = row_begin; row < row_end; ++row) {
    hashes[row] = hash_of(leaf.value().data + row * row_size, row_size);
  }
}

void forget_gradients() {
  const std::lock_guard lock(gradients_mutex);
  gradients().clear();
}

}
