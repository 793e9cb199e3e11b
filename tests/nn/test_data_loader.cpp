#include <doctest/doctest.h>

#include <string>

#include "nn/containers/data_loader.h"

using namespace gradus;

namespace {

/// The samples of an epoch, batch by batch.
template <class Sample>
std::vector<std::vector<Sample>> epoch(DataLoader<Sample>& loader) {
  std::vector<std::vector<Sample>> batches;
  for (const auto& batch : loader) batches.emplace_back(batch.begin(), batch.end());
  return batches;
}

}

TEST_CASE("data loader: an epoch has every sample once, in an order of its own that the seed decides") {
  std::vector<int> samples(10);
  std::iota(samples.begin(), samples.end(), 0);
  DataLoader loader(samples, {.batch_size = 4, .seed = 7}), same(samples, {.batch_size = 4, .seed = 7}),
      other(samples, {.batch_size = 4, .seed = 8});
  CHECK(loader.size() == 3);
  std::vector<std::vector<int>> before;
  for (int i = 0; i < 3; ++i) {
    const auto batches = epoch(loader);
    REQUIRE(batches.size() == 3);
    CHECK(batches[0].size() == 4);
    CHECK(batches[2].size() == 2);
    std::vector<int> all;
    for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
    std::ranges::sort(all);
    CHECK(all == samples);
    CHECK(batches != before);
    CHECK(batches == epoch(same));
    CHECK(batches != epoch(other));
    before = batches;
  }
}

TEST_CASE("data loader: in order, without the last, of samples of any type, of none") {
  const std::vector<std::string> words = {"a", "b", "c"};
  DataLoader in_order(words, {.batch_size = 2, .shuffle = false});
  CHECK(epoch(in_order) == std::vector<std::vector<std::string>>{{"a", "b"}, {"c"}});
  DataLoader whole(words, {.batch_size = 2, .shuffle = false, .drop_last = true});
  CHECK(epoch(whole) == std::vector<std::vector<std::string>>{{"a", "b"}});
  DataLoader large(words, {.batch_size = 5});
  CHECK(epoch(large).size() == 1);
  const std::vector<int> none;
  DataLoader empty(none, {.batch_size = 2});
  CHECK(empty.size() == 0);
  CHECK(epoch(empty).empty());
  for (const auto& batch : in_order) CHECK(batch[0] == words[batch.positions()[0]]);
  CHECK_THROWS_WITH_AS(DataLoader(words, {.batch_size = 0}), "data loader: bad batch size: 0; need 1 or more", Error);
}
