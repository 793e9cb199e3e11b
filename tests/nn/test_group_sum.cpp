#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "nn/parallel/group_sum.h"
#include "nn/parallel/local_transport.h"
#include "nn/rng.h"
#include "ops/create/random.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

/// Weights of several blocks and of a part of one, a scalar, one that is frozen, and an empty one.
struct Weights : Module {
  Parameter large{this, "large", {300, 200}, init::normal(1)};
  Parameter scalar{this, "scalar", {}, init::normal(1)};
  Parameter frozen{this, "frozen", {40}, init::normal(1)};
  Parameter empty{this, "empty", {0}};
  Parameter small{this, "small", {7}, init::normal(1)};
  Weights() { frozen.frozen = true; }
};

/// Random gradients of a group in a step, large and small ones, so that the order of additions is seen; some are -0.
double add_gradients(Weights& model, int step, int group) {
  Rng rng(static_cast<std::uint64_t>(100 * step + group));
  for (Parameter* parameter : model.parameters()) {
    if (parameter->frozen) continue;
    for (Real& grad : parameter->grad()) {
      if (grad != 0) FAIL_CHECK("the gradient that a group begins with is not zero");
      grad = static_cast<Real>(rng.below(10) == 0 ? -0.0 : std::exp(rng.uniform(-8, 8)) * rng.uniform(-1, 1));
    }
  }
  return std::exp(rng.uniform(-8, 8));
}

std::string bytes_of(const ConstArray& array) {
  return {reinterpret_cast<const char*>(array.data), array.size() * sizeof(Real)};
}

/// All that some steps of Adam leave behind, as bytes: losses, norms, weights, and the state that rank 0 would save.
std::string train(int ranks, int groups, int threads) {
  std::string result;
  run_ranks(ranks, [&](Transport& transport) {
    Weights model;
    Rng rng(1);
    for (Parameter* parameter : model.parameters()) {
      for (Real& value : parameter->value()) value = static_cast<Real>(rng.uniform(-1, 1));
    }
    ThreadPool pool(threads);
    Adam adam(model.parameters());
    GroupSum sum(model.parameters(), transport, groups, &pool);
    std::string bytes;
    const auto add = [&](const auto& value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
    for (int step = 0; step < 3; ++step) {
      add(sum.sum([&](int group) { return add_gradients(model, step, group); }));
      std::vector<double> each(model.parameters().size());
      const double norm = sum.grad_norm(each);
      add(norm);
      for (const double one : each) add(one);
      adam.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true, .pool = &pool, .share = sum.share()});
      sum.gather_values();
      for (const Parameter* parameter : model.parameters()) bytes += bytes_of(parameter->value());
    }
    for (const std::string& other : gather_texts(transport, bytes)) CHECK(other == bytes);
    sum.gather_state(adam);
    if (transport.rank() > 0) return;
    for (const NamedArray& array : adam.state()) bytes += bytes_of(array.array);
    result = bytes;
  });
  return result;
}

}

TEST_SUITE("group sum") {
  TEST_CASE("one group on one rank is what a step is without groups") {
    Weights model, twin;
    ThreadPool pool(1);
    GroupSum sum(model.parameters(), alone(), 1);
    const double loss = sum.sum([&](int group) { return add_gradients(model, 0, group); });
    CHECK(loss == add_gradients(twin, 0, 0));
    std::vector<double> each(5), expected(5);
    CHECK(sum.grad_norm(each) == grad_norm(twin.parameters(), nullptr, expected));
    CHECK(each == expected);
    CHECK(bytes_of(model.large.grad()) == bytes_of(twin.large.grad()));
  }

  TEST_CASE("groups add up in their order") {
    Weights model;
    GroupSum sum(model.parameters(), alone(), 3);
    const double loss = sum.sum([&](int group) { return add_gradients(model, 0, group); });
    std::array<Weights, 3> twins;
    std::array<double, 3> losses{};
    for (int group = 0; group < 3; ++group) losses[group] = add_gradients(twins[group], 0, group);
    CHECK(loss == losses[0] + losses[1] + losses[2]);
    for (std::size_t i = 0; i < model.large.size(); ++i) {
      const Real expected = twins[0].large.grad()[i] + twins[1].large.grad()[i] + twins[2].large.grad()[i];
      if (model.large.grad()[i] != expected) FAIL_CHECK(i);
    }
  }

  TEST_CASE("the same bits for any number of ranks and threads") {
    for (const int groups : {1, 2, 5, 8}) {
      const std::string expected = train(1, groups, 1);
      for (const int ranks : {1, 2, 3, 4, 8}) {
        for (const int threads : {1, 2}) {
          CAPTURE(groups);
          CAPTURE(ranks);
          CAPTURE(threads);
          CHECK(train(ranks, groups, threads) == expected);
        }
      }
    }
    CHECK(train(1, 2, 1) != train(1, 3, 1));
  }

  TEST_CASE("every block is one rank's share, and every group is computed by one rank") {
    for (const int ranks : {1, 2, 3, 7}) {
      std::vector<BlockRange> shares(static_cast<std::size_t>(ranks));
      std::vector<std::vector<bool>> owned(shares.size());
      run_ranks(ranks, [&](Transport& transport) {
        Weights model;
        const GroupSum sum(model.parameters(), transport, 5);
        shares[transport.rank()] = sum.share();
        for (int group = 0; group < 5; ++group) owned[transport.rank()].push_back(sum.owns(group));
      });
      CHECK(shares.front().begin == 0);
      for (std::size_t rank = 1; rank < shares.size(); ++rank) CHECK(shares[rank].begin == shares[rank - 1].end);
      CHECK(shares.back().end ==
            7);  // 60,000 numbers are four blocks; the scalar, the frozen and the small one one each
      for (int group = 0; group < 5; ++group) {
        CHECK(std::ranges::count_if(owned, [&](const std::vector<bool>& rank) { return rank[group]; }) == 1);
      }
    }
  }

  TEST_CASE("an optimiser's share costs its part of the memory alone") {
    struct Large : Module {
      Parameter parameter{this, "parameter", {1 << 24}};
    } model;
    Parameter& parameter = model.parameter;
    const auto resident = [] {
      long pages = 0, ignored = 0;
      std::FILE* const file = std::fopen("/proc/self/statm", "r");
      CHECK(std::fscanf(file, "%ld %ld", &ignored, &pages) == 2);
      std::fclose(file);
      return static_cast<std::size_t>(pages) * 4096;
    };
    for (Real& grad : parameter.grad()) grad = 1;
    const std::size_t before = resident();
    Adam adam({&parameter});
    adam.step({.share = {0, 256}});  // of 1024 blocks
    const std::size_t quarter = 2 * sizeof(Real) * (1 << 24) / 4;
    CHECK(resident() - before > quarter / 2);
    CHECK(resident() - before < 2 * quarter);
    for (const NamedArray& array : adam.state())
      std::fill_n(array.array.data, array.array.size(), Real{1});  // read from a file
    CHECK(resident() - before > 3 * quarter);
    adam.keep_state_of({0, 256});
    CHECK(resident() - before < 2 * quarter);
    const Array mean = adam.state()[0].array;
    CHECK(std::ranges::all_of(std::span(mean.data, 256 * kBlockSize), [](Real number) { return number == 1; }));
  }

  TEST_CASE("no group is an error") {
    Weights model;
    CHECK_THROWS_WITH_AS(GroupSum(model.parameters(), alone(), 0), "group sum: 0 groups; need at least one", Error);
  }
}

TEST_SUITE("transport") {
  TEST_CASE("messages between two ranks keep their order, whatever the order of waiting") {
    run_ranks(2, [](Transport& transport) {
      const int other = 1 - transport.rank();
      std::vector<int> sent(10), received(10);
      std::iota(sent.begin(), sent.end(), 100 * transport.rank());
      std::vector<Transport::Message> messages;
      for (int& number : received)
        messages.push_back(transport.receive(other, std::as_writable_bytes(std::span(&number, 1))));
      for (const int& number : sent) transport.wait(transport.send(other, std::as_bytes(std::span(&number, 1))));
      for (auto message = messages.rbegin(); message != messages.rend(); ++message) transport.wait(*message);
      for (int i = 0; i < 10; ++i) CHECK(received[i] == 100 * other + i);
    });
  }

  TEST_CASE("numbers and texts are gathered, empty ones too") {
    for (const int ranks : {1, 2, 5}) {
      run_ranks(ranks, [&](Transport& transport) {
        std::vector<double> numbers(15);
        std::vector<std::size_t> ends;  // rank r has r numbers, the last one the rest
        for (int rank = 0; rank < ranks; ++rank) ends.push_back(static_cast<std::size_t>(rank * (rank + 1) / 2));
        ends.back() = numbers.size();
        const std::size_t begin = transport.rank() == 0 ? 0 : ends[transport.rank() - 1];
        for (std::size_t i = begin; i < ends[transport.rank()]; ++i) numbers[i] = static_cast<double>(i) + 1;
        gather_all(transport, std::span(numbers), ends);
        for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == static_cast<double>(i) + 1);

        const std::vector<std::string> texts = gather_texts(transport, std::string(transport.rank(), 'x'));
        for (int rank = 0; rank < ranks; ++rank) CHECK(texts[rank] == std::string(rank, 'x'));

        std::vector<int> same{transport.rank() == 0 ? 7 : 0, transport.rank() == 0 ? 8 : 0};
        broadcast(transport, std::span(same));
        CHECK(same == std::vector{7, 8});
      });
    }
  }

  TEST_CASE("a rank that fails is an error of those that wait for it") {
    std::vector<std::string> errors(3);
    const auto work = [&](Transport& transport) {
      if (transport.rank() == 1) fail("broken");
      try {
        gather_texts(transport, "mine");
      } catch (const Error& error) {
        errors[transport.rank()] = error.what();
        throw;
      }
    };
    CHECK_THROWS_WITH_AS(run_ranks(3, work), "broken", Error);
    for (const int rank : {0, 2}) {
      CHECK((errors[rank] == "transport: rank 1 has ended" || errors[rank] == "transport: rank 2 has ended" ||
             errors[rank] == "transport: rank 0 has ended"));
    }
  }

  TEST_CASE("a message of another length is an error, and so is one to oneself") {
    CHECK_THROWS_WITH_AS(run_ranks(2,
                                   [](Transport& transport) {
                                     std::vector<int> numbers(2);
                                     Messages messages(transport);
                                     if (transport.rank() == 0)
                                       messages.send(1, std::span<const int>(numbers).first(1));
                                     if (transport.rank() == 1) messages.receive(0, std::span(numbers));
                                     messages.wait();
                                   }),
                         "transport: a message of 4 bytes from rank 0, where 8 were expected", Error);
    CHECK_THROWS_WITH_AS(alone().send(0, {}), "transport: a rank that is alone has nobody to talk to", Error);
  }
}
