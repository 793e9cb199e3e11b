#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "examples/translate/base/interrupt.h"
#include "examples/translate/machine/shared_work.h"
#include "nn/parallel/local_transport.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

const auto texts_of = [](std::size_t begin, std::size_t end) {
  std::vector<std::string> texts;
  for (std::size_t i = begin; i < end; ++i) texts.push_back(i % 3 == 0 ? "" : std::string(i, 'x') + '\n');
  return texts;
};

const auto number = [](const std::vector<std::size_t>& own, std::vector<double>& numbers) {
  for (const std::size_t i : own) numbers[i] = static_cast<double>(i) / 7;
};

}

TEST_CASE("what ranks share comes back whole and in its order, however many there are") {
  for (const int ranks : {1, 2, 5}) {
    for (const std::size_t count : {0, 1, 4, 11}) {
      CAPTURE(ranks);
      CAPTURE(count);
      std::vector<double> numbers(count);
      for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<double>(i) / 7;
      run_ranks(ranks, [&](Transport& transport) {
        CHECK(share_texts(transport, count, texts_of) == texts_of(0, count));
        CHECK(share_numbers(transport, count, number) == numbers);
        const bool first = transport.rank() == 0;
        CHECK(broadcast_texts(transport, first ? texts_of(0, count) : std::vector<std::string>{"mine"}) ==
              texts_of(0, count));
      });
    }
  }
}

TEST_CASE("an interrupt on one rank ends the work of all") {
  std::vector<int> given_up(3);
  run_ranks(3, [&](Transport& transport) {
    try {
      share_texts(transport, 9, [&](std::size_t begin, std::size_t end) {
        if (transport.rank() == 1) throw Interrupted();
        return texts_of(begin, end);
      });
    } catch (const Interrupted&) {
      given_up[transport.rank()] = 1;
    }
    CHECK(share_numbers(transport, 9, number).size() == 9);  // they still understand each other
  });
  CHECK(given_up == std::vector{1, 1, 1});
}
