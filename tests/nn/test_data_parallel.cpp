#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstring>

#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "nn/recurrent.h"
#include "ops/elementwise.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/reduce.h"
#include "tests/support/address_sanitizer.h"

using namespace gradus;

namespace {

/// A classifier of short sequences, with weights that are used as products, lookups and plain tensors.
struct Classifier : Module {
  Embedding table{this, "table", 20, 6};
  Dropout dropout{this, "dropout", Real(0.2)};
  LSTM lstm{this, "lstm", 6, 8, {.bidirectional = true}};
  LayerNorm norm{this, "norm", 16};
  Linear out{this, "out", 16, 5};

  Tensor loss(std::span<const int> tokens, std::span<const int> lengths, std::span<const int> targets) {
    const Packing packing(lengths);
    const Tensor states = lstm(dropout(table(tokens)), packing).output;
    return linear_cross_entropy(norm(states), out.weight, out.bias->tensor(), targets, {.divisor = 24});
  }
};

constexpr int kShards = 4;

/// Shard i of a batch of 24 tokens.
struct Shard {
  std::vector<int> lengths, tokens, targets;
};

std::vector<Shard> make_shards() {
  std::vector<Shard> shards(kShards);
  Rng rng(8);
  for (Shard& shard : shards) {
    shard.lengths = {3, 2, 1};
    for (int i = 0; i < 6; ++i) {
      shard.tokens.push_back(rng.below(20));
      shard.targets.push_back(rng.below(5));
    }
  }
  return shards;
}

std::vector<Real> numbers(Module& model, bool grads) {
  std::vector<Real> result;
  for (const Parameter* parameter : model.parameters()) {
    const ConstArray array = grads ? parameter->grad() : parameter->value();
    result.insert(result.end(), array.begin(), array.end());
  }
  return result;
}

struct Outcome {
  std::vector<double> losses;
  std::vector<Real> values;
};

/// Five steps of Adam with clipping on so many threads.
Outcome train(int threads) {
  const std::vector<Shard> shards = make_shards();
  Classifier model;
  DataParallel parallel(model, threads, kShards);
  Adam adam(model.parameters(), {.learning_rate = 1e-2});
  Outcome outcome;
  for (int step = 0; step < 5; ++step) {
    outcome.losses.push_back(
        parallel.step(step, [&](int i) { return model.loss(shards[i].tokens, shards[i].lengths, shards[i].targets); }));
    const double norm = grad_norm(model.parameters(), &parallel.pool());
    adam.step({.grad_scale = clip_factor(norm, 0.1), .zero_grads = true, .pool = &parallel.pool()});
  }
  outcome.values = numbers(model, false);
  return outcome;
}

}

TEST_CASE("thread pool: every index once, each on its thread") {
  ThreadPool pool(3);
  for (const int count : {0, 1, 2, 3, 10}) {
    std::vector<std::thread::id> threads(count);
    pool.run(count, [&](int i) { threads[i] = std::this_thread::get_id(); });
    for (int i = 0; i < count; ++i) {
      CHECK(threads[i] != std::thread::id());
      CHECK(threads[i] == threads[i % 3]);
    }
    if (count > 0) CHECK(threads[0] == std::this_thread::get_id());
  }
}

TEST_CASE("thread pool: a balanced run does every index once, and keeps no thread waiting for another") {
  ThreadPool pool(2);
  std::vector<std::atomic<int>> calls(20);
  std::atomic<int> done{0};
  pool.run_balanced(20, [&](int i) {
    ++calls[i];
    while (i == 0 && done < 19) std::this_thread::yield();  // the other thread does all the rest meanwhile
    ++done;
  });
  for (const std::atomic<int>& count : calls) CHECK(count == 1);
}

TEST_CASE("thread pool: the exception of the smallest index reaches the caller, and the pool goes on") {
  ThreadPool pool(3);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> calls{0};
    const auto work = [&](int i) {
      ++calls;
      if (i >= 4) fail("index {}", i);
    };
    CHECK_THROWS_WITH_AS(pool.run(9, work), "index 4", Error);
    CHECK(calls == 7);  // 0 to 3, and then each thread stops at its first failure
  }
  int sum = 0;
  ThreadPool(1).run(5, [&](int i) { sum += i; });
  CHECK(sum == 10);
  CHECK_THROWS_AS(ThreadPool(0), Error);
}

// AddressSanitizer takes more address space than any limit leaves.
TEST_CASE("thread pool: threads that the system does not let start are an error, and those that run end" *
          doctest::skip(kAddressSanitizer)) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit little{std::size_t(1) << 30, std::size_t(1) << 30};  // of address space, of which a stack takes 8 MB
    ::setrlimit(RLIMIT_AS, &little);
    try {
      const ThreadPool pool(1000);
      ::_exit(1);
    } catch (const Error& error) {
      const std::string message = error.what();
      const bool named = message.starts_with("thread pool: only ") && message.find(" of 1000 threads") != message.npos;
      ::_exit(named ? 0 : 2);
    }
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("thread pool: a run inside of a run is refused") {
  ThreadPool pool(2);
  CHECK_THROWS_AS(pool.run(2, [&](int) { pool.run(1, [](int) {}); }), Error);
}

TEST_CASE("data parallel: the same bits for one, two and three threads") {
  const Outcome one = train(1);
  CHECK(one.losses.back() < one.losses.front());
  for (const int threads : {2, 3, 5}) {
    const Outcome other = train(threads);
    CHECK(other.losses == one.losses);
    CHECK(std::memcmp(other.values.data(), one.values.data(), one.values.size() * sizeof(Real)) == 0);
  }
}

TEST_CASE("data parallel: the gradient is that of one tape") {
  const std::vector<Shard> shards = make_shards();
  Classifier model;
  model.eval();
  DataParallel parallel(model, 2, kShards);
  const double loss = parallel.step(
      1, [&](int i) { return i == 2 ? Tensor() : model.loss(shards[i].tokens, shards[i].lengths, shards[i].targets); });
  const std::vector<Real> sharded = numbers(model, true);
  model.zero_grad();

  Tape tape;
  Tensor total;
  for (const int i : {0, 1, 3}) {
    const Tensor part = model.loss(shards[i].tokens, shards[i].lengths, shards[i].targets);
    total = total ? total + part : part;
  }
  tape.backward(total);
  CHECK(loss == doctest::Approx(total.item()).epsilon(1e-6));
  const std::vector<Real> whole = numbers(model, true);
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    worst = std::max<double>(worst, std::abs(whole[i] - sharded[i]));
    largest = std::max<double>(largest, std::abs(whole[i]));
  }
  CHECK(largest > 0.01);
  CHECK(worst <= (sizeof(Real) == sizeof(float) ? 1e-6 : 1e-14));
}

TEST_CASE("data parallel: parameters of several pieces are gathered whole") {
  struct Wide : Module {
    Linear layer{this, "layer", 1000, 300};  // 300,000 numbers: three pieces
  };
  Wide model;
  DataParallel parallel(model, 2, 2);
  parallel.step(1, [&](int shard) { return sum(model.layer(full({1, 1000}, static_cast<Real>(shard + 1)))); });
  for (const Real g : model.layer.weight.grad()) REQUIRE(g == 3);
  for (const Real g : model.layer.bias->grad()) REQUIRE(g == 2);
}

TEST_CASE("data parallel: gradients add up, and frozen parameters have none") {
  Linear layer(nullptr, "layer", 3, 2);
  layer.bias->frozen = true;
  DataParallel parallel(layer, 2, 2);
  for (int step = 0; step < 2; ++step) parallel.step(step, [&](int) { return sum(layer(full({1, 3}, 1))); });
  for (const Real g : layer.weight.grad()) CHECK(g == 4);
  for (const Real g : layer.bias->grad()) CHECK(g == 0);
}

TEST_CASE("data parallel: shards have random numbers of their own") {
  Linear layer(nullptr, "layer", 1, 1);
  DataParallel parallel(layer, 2, 2);
  std::vector<std::vector<Real>> masks(2);
  const auto step = [&](std::uint64_t seed) {
    parallel.step(seed, [&](int shard) {
      const Tensor mask = dropout(full({64}, 1), Real(0.5));
      masks[shard].assign(mask.value().begin(), mask.value().end());
      return sum(layer(full({1, 1}, 1)));
    });
    return masks;
  };
  const auto first = step(1);
  CHECK(first[0] != first[1]);
  CHECK(step(2) != first);
  CHECK(step(1) == first);
}

TEST_CASE("data parallel: an error in a shard reaches the caller and leaves the gradients alone") {
  Linear layer(nullptr, "layer", 3, 2);
  DataParallel parallel(layer, 2, 4);
  for (int round = 0; round < 3; ++round) {
    const auto loss = [&](int shard) { return sum(layer(full({1, shard == 1 ? 4 : 3}, 1))); };
    CHECK_THROWS_AS(parallel.step(1, loss), Error);
    for (const Real g : layer.weight.grad()) CHECK(g == 0);
  }
  CHECK_THROWS_AS(Tape::active(), Error);
  parallel.step(1, [&](int) { return sum(layer(full({1, 3}, 1))); });
  for (const Real g : layer.weight.grad()) CHECK(g == 4);
  CHECK_THROWS_AS(DataParallel(layer, 2, 0), Error);
}
