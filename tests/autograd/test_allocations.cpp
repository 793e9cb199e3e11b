/// A program of its own, since it replaces the global operator new: after a first step, which takes what it needs from
/// the system, a training step makes no heap allocation at all.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "autograd/mark.h"
#include "autograd/scratch.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/attention.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/fused/recurrent.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/layout.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "ops/softmax.h"

namespace {

std::atomic<long> allocations{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}

void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new[](std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

using namespace gradus;

namespace {

constexpr int kVocabulary = 20, kEmbedding = 6, kHidden = 8, kSteps = 4, kBatch = 3;

/// A small tagger: embedding, dropout, an LSTM over sequences of unequal length, attention of its states to each other
/// and of the last ones to all, layer normalisation, and the two kinds of cross-entropy.
struct Net {
  Leaf table{"table", {kVocabulary, kEmbedding}};
  Leaf weight_ih{"weight_ih", {4 * kHidden, kEmbedding}}, weight_hh{"weight_hh", {4 * kHidden, kHidden}};
  Leaf bias{"bias", {4 * kHidden}};
  Leaf v{"v", {kHidden}};
  Leaf scale{"scale", {kHidden}}, shift{"shift", {kHidden}};
  Leaf weight_out{"weight_out", {kVocabulary, kHidden}}, bias_out{"bias_out", {kVocabulary}};
  std::array<Leaf*, 9> leaves{&table, &weight_ih, &weight_hh, &bias, &v, &scale, &shift, &weight_out, &bias_out};

  Net() {
    std::mt19937_64 random(1);
    for (Leaf* leaf : leaves) {
      for (Real& x : leaf->value()) x = static_cast<Real>((random() >> 11) * 0x1p-53 - 0.5);
    }
  }

  Real step() {
    const std::array<int, kBatch> lengths{kSteps, 3, 2};
    const std::array<int, 9> words{1, 2, 3, 4, 5, 6, 7, 8, 9}, targets{2, 3, 4, 5, 6, 7, 8, 9, 10};
    Tape tape;
    const Packing packing(lengths);
    const Tensor x = dropout(embedding(table, words), Real(0.1));
    const LstmOutput lstm = lstm_sequence(bias, {{x, weight_ih}}, weight_hh, {}, packing, false);
    const SequenceRows packed = packed_rows(packing);
    const Tensor attended = scaled_dot_attention(lstm.output, lstm.output, lstm.output, packed, packed,
                                                 {.heads = 2, .causal = true, .dropout = Real(0.1)});
    const Tensor keys = unpack(lstm.output, packing);
    const SequenceRows sentences = padded_rows(lengths, kSteps);
    const Tensor weights = softmax(additive_scores(lstm.final.hidden, keys, v, sentences), lengths);
    const Tensor context = tanh(layer_norm(weighted_sum(weights, keys, sentences), scale, shift));
    const Tensor word_loss = linear_cross_entropy(lstm.output + attended, weight_out, bias_out, targets);
    const Tensor sentence_loss = cross_entropy(linear(context, weight_out, bias_out), std::span(targets).first(kBatch));
    const Tensor loss = word_loss + mean(square(context)) + sentence_loss;
    tape.backward(loss);
    for (Leaf* leaf : leaves) {
      for (std::size_t i = 0; i < leaf->size(); ++i) leaf->value()[i] -= Real(0.1) * leaf->grad()[i];
      leaf->zero_grad();
    }
    return loss.item();
  }
};

}

TEST_CASE("the counter counts") {
  const long before = allocations;
  const auto one = std::make_unique<int>(1);
  std::vector<double> two(100);
  CHECK(allocations - before == 2);
}

TEST_CASE("a training step after the first makes no heap allocation") {
  Net net;
  const Real first = net.step();
  Real last = 0;
  const long before = allocations;
  for (int i = 0; i < 20; ++i) last = net.step();
  CHECK(allocations - before == 0);
  CHECK(last < first);
}

TEST_CASE("nor does a step split over two threads, with its optimiser") {
  struct Model : Module {
    Linear first{this, "first", 6, 8}, second{this, "second", 8, 4};
  } model;
  DataParallel parallel(model, 2, 3);
  const std::vector<Parameter*> parameters = model.parameters();
  Adam adam(parameters);
  const std::vector<Real> x(5 * 6, Real(0.5));
  const std::vector<int> classes{0, 1, 2, 3, 0};
  const auto step = [&](int seed) {
    parallel.step(seed, [&](int) {
      const Tensor hidden = dropout(tanh(model.first(constant({5, 6}, x))), Real(0.2));
      return cross_entropy(model.second(hidden), classes);
    });
    const double norm = grad_norm(parameters, &parallel.pool());
    adam.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true, .pool = &parallel.pool()});
  };
  step(0);
  // Threads take the pieces of the gradients as they get free: one of them may have had none so far that needs scratch.
  parallel.pool().run(2, [](int) { Scratch().allocate(1); });
  const long before = allocations;
  for (int i = 1; i < 20; ++i) step(i);
  CHECK(allocations - before == 0);
}

TEST_CASE("an inference tape that is rewound makes none either") {
  Net net;
  Tape tape(Tape::Inference);
  long before = 0;
  for (int i = 0; i < 20; ++i) {
    if (i == 1) before = allocations;
    const Mark mark(tape);
    const std::array<int, 2> words{1, 2};
    const Tensor hidden = tanh(linear(embedding(net.table, words), net.weight_ih, net.bias));
    softmax(linear(slice(hidden, 1, 0, kHidden), net.weight_out, net.bias_out));
    mark.rewind();
  }
  CHECK(allocations - before == 0);
}
