#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/model.h"
#include "tests/support/randomize.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

ModelConfig small_transformer() {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.architecture = Architecture::Transformer;
  config.embedding = config.hidden = 4;
  config.heads = 2;
  config.feed_forward = 5;
  return config;
}

}

TEST_CASE("transformer: it knows the order of words, and has one size") {
  const auto loss_of_source = [](const std::vector<int>& source) {
    Seq2Seq model(small_transformer());
    randomize(model);
    model.eval();
    const Pair pair{source, {6, kEnd}};
    const int chosen = 0;
    const Tape tape(Tape::Inference);
    return model.loss(make_batch({&pair, 1}, {&chosen, 1}), {}).item();
  };
  CHECK(std::abs(loss_of_source({4, 5, kEnd}) - loss_of_source({5, 4, kEnd})) > Real(1e-4));
  ModelConfig config = small_transformer();
  config.embedding = 6;
  CHECK_THROWS_WITH_AS(Seq2Seq{config},
                       "model: embedding is 6, hidden is 4; a transformer adds its layers to the word vectors: need "
                       "the same size",
                       Error);
}
