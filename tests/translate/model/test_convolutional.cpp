#include <doctest/doctest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/model.h"
#include "tests/support/randomize.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

ModelConfig convolutional_config() {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.architecture = Architecture::Convolution;
  config.embedding = 3;
  config.hidden = 4;
  config.encoder_layers = config.decoder_layers = 2;
  config.dropout = 0;
  return config;
}

double loss_of_source(Seq2Seq& model, std::vector<int> source) {
  const Pair pair{std::move(source), {6, kEnd}};
  const int chosen = 0;
  const Tape tape(Tape::Inference);
  return static_cast<double>(model.loss(make_batch({&pair, 1}, {&chosen, 1}), {}).item());
}

}

TEST_CASE("convolutions attend to each word of their source, and to nothing else") {
  Seq2Seq model(convolutional_config());
  randomize(model);
  const std::vector<Pair> pairs = {{{4, 5, kEnd}, {6, kEnd}}, {{8, kEnd}, {4, 4, 7, kEnd}}, {{5, 6, 7, kEnd}, {kEnd}}};
  const Tape tape(Tape::Inference);
  const auto [source, state] = model.encode(make_batch(pairs, std::vector{0, 1, 2}));
  const StepOutput output = model.decoder().step(model.decoder().embed(std::vector{4, 5, 6}), state, source).output;
  for (int b = 0; b < 3; ++b) {
    double sum = 0;
    for (int j = 0; j < output.weights.dim(1); ++j) {
      const auto weight = static_cast<double>(std::as_const(output.weights).value().row(b)[j]);
      CHECK((weight > 0) == (j < source[0].rows.length[b]));
      sum += weight;
    }
    CHECK(sum == doctest::Approx(1));
  }
}

TEST_CASE("convolutions know the order of words, by their positions also beyond the kernel") {
  ModelConfig config = convolutional_config();
  for (const int width : {1, 3}) {
    config.kernel_width = width;
    Seq2Seq model(config);
    randomize(model);
    CHECK(std::abs(loss_of_source(model, {4, 5, kEnd}) - loss_of_source(model, {5, 4, kEnd})) > 1e-4);
  }
  config.positions = 2;  // of which the second one is that of all others
  config.kernel_width = 1;
  Seq2Seq model(config);
  randomize(model);
  CHECK(loss_of_source(model, {6, 4, 5, kEnd}) ==
        doctest::Approx(loss_of_source(model, {6, 5, 4, kEnd})).epsilon(1e-6));
  CHECK(std::abs(loss_of_source(model, {4, 6, 5, kEnd}) - loss_of_source(model, {6, 4, 5, kEnd})) > 1e-4);
}

TEST_CASE("a convolution has as many words on both sides") {
  ModelConfig config = convolutional_config();
  config.kernel_width = 4;
  CHECK_THROWS_WITH_AS(Seq2Seq{config},
                       "model: kernel_width is 4; a convolution has as many words on both sides: need an odd number",
                       Error);
}
