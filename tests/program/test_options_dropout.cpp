#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "examples/translate/model/attentive_decoder.h"
#include "tests/program/fresh_model.h"
#include "tests/program/option_tests.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

double share_of_zeros(const ConstArray& values) {
  return static_cast<double>(std::ranges::count(values, Real(0))) / static_cast<double>(values.size());
}

double share_of_zero_rows(const ConstArray& values) {
  const auto size = static_cast<std::size_t>(values.cols());
  std::size_t zero = 0;
  for (std::size_t begin = 0; begin < values.size(); begin += size)
    zero += std::all_of(values.data + begin, values.data + begin + size, [](Real number) { return number == 0; });
  return static_cast<double>(zero * size) / static_cast<double>(values.size());
}

/// By more than roundings do.
bool differ(const std::vector<Real>& a, const std::vector<Real>& b) { return distance(a, b) > 1e-3; }
bool differ(Tensor a, Tensor b) {
  return differ(std::vector<Real>(a.value().begin(), a.value().end()),
                std::vector<Real>(b.value().begin(), b.value().end()));
}

std::span<const Tensor> masks_of(const DecoderState& state) { return state.as<AttentiveState>().recurrent.masks; }

/// What training drops where: shares of numbers, and whether a part computes something else than without dropout.
struct Dropped {
  double numbers = 0, words = 0;  ///< of the decoder's word vectors
  double output = 0;              ///< of the readout
  double recurrent = 0;           ///< of the state that goes on from step to step
  bool encoder = false, first_step = false, second_step = false;
  bool same_mask = true;  ///< of the state, at every step
};

Dropped dropped(const TrainConfig& config) {
  constexpr int kSentences = 256;
  const Fresh fresh(config);
  Seq2Seq& model = fresh.model;
  Decoder& decoder = model.decoder();
  Dropped result;
  const std::vector<Real> expected = encoded(model);
  model.train();
  result.encoder = differ(encoded(model), expected);
  model.eval();

  const Tape tape(Tape::Inference, 7);
  std::vector<int> chosen(kSentences), words(kSentences);
  for (int i = 0; i < kSentences; ++i) chosen[i] = i, words[i] = 4 + i % 20;
  const Batch batch = make_batch(fresh.prepared.corpus.train, chosen);
  const auto [source, start] = model.encode(batch);
  const Tensor embedded = decoder.embed(words);
  const Decoder::Step first = decoder.step(embedded, start, source);
  const Decoder::Step second = decoder.step(embedded, first.state, source);

  model.train();
  const ConstArray vectors = decoder.embed(words).value();
  result.numbers = share_of_zeros(vectors);
  result.words = share_of_zero_rows(vectors);
  // The bridge is zero: in training the states begin alike, but with masks.
  const DecoderState masked = decoder.begin({}, batch.order);
  const std::span masks = masks_of(masked);
  result.recurrent = masks.empty() ? 0 : share_of_zeros(masks[0].value());
  const Decoder::Step dropped_first = decoder.step(embedded, masked, source);
  const Decoder::Step dropped_second = decoder.step(embedded, dropped_first.state, source);
  for (const Decoder::Step* step : {&dropped_first, &dropped_second}) {
    for (std::size_t l = 0; l < masks.size(); ++l) {
      result.same_mask = result.same_mask && !differ(masks_of(step->state)[l], masks[l]);
    }
  }
  result.first_step = differ(first.output.hidden, dropped_first.output.hidden);
  result.second_step = differ(second.output.hidden, dropped_second.output.hidden);
  result.output = share_of_zeros(decoder.readout({&first.output, 1}, embedded).value());
  return result;
}

/// Within 3.5 standard deviations, for 256 · 16 numbers or 256 words.
void check_share(double share, double wanted, int of = 256 * 16) {
  CHECK(std::abs(share - wanted) < 3.5 * std::sqrt(wanted * (1 - wanted) / of));
}

void check_nothing_dropped(const TrainConfig& config) {
  const Dropped nothing = dropped(config);
  CHECK(nothing.numbers + nothing.words + nothing.output + nothing.recurrent == 0);
  CHECK_FALSE((nothing.encoder || nothing.first_step || nothing.second_step));
}

void check_dropout(OptionTrial& trial) {
  check_nothing_dropped(trial.without);
  const Dropped found = dropped(trial.with);
  check_share(found.numbers, 0.25);
  check_share(found.output, 0.25);
  CHECK(found.words == 0);
  CHECK(found.recurrent == 0);
  CHECK(found.encoder);
  CHECK(found.first_step);  // between the layers
}

void check_embedding_dropout(OptionTrial& trial) {
  check_nothing_dropped(trial.without);
  const Dropped found = dropped(trial.with);
  check_share(found.numbers, 0.25);
  CHECK(found.words + found.output + found.recurrent == 0);
  CHECK(found.encoder);
  CHECK_FALSE((found.first_step || found.second_step));
}

void check_layer_dropout(OptionTrial& trial) {
  check_nothing_dropped(trial.without);
  const Dropped found = dropped(trial.with);
  CHECK(found.numbers + found.words + found.output + found.recurrent == 0);
  CHECK(found.encoder);
  CHECK(found.first_step);
  trial.with.encoder_layers = trial.with.decoder_layers = 1;  // nothing is between layers
  check_nothing_dropped(trial.with);
}

void check_output_dropout(OptionTrial& trial) {
  check_nothing_dropped(trial.without);
  const Dropped found = dropped(trial.with);
  check_share(found.output, 0.25);
  CHECK(found.numbers + found.words + found.recurrent == 0);
  CHECK_FALSE((found.encoder || found.first_step || found.second_step));
}

void check_recurrent_dropout(OptionTrial& trial) {
  check_nothing_dropped(trial.without);
  const Dropped found = dropped(trial.with);
  check_share(found.recurrent, 0.25);
  CHECK(found.numbers + found.words + found.output == 0);
  CHECK(found.encoder);
  CHECK_FALSE(found.first_step);  // which goes on from zeros
  CHECK(found.second_step);
  CHECK(found.same_mask);  // variational
}

void check_word_dropout(OptionTrial& trial) {
  check_nothing_dropped(trial.without);
  const Dropped found = dropped(trial.with);
  check_share(found.words, 0.25, 256);
  CHECK(found.numbers == doctest::Approx(found.words));
  CHECK(found.output + found.recurrent == 0);
  CHECK(found.encoder);
  CHECK_FALSE((found.first_step || found.second_step));
}

}

std::vector<OptionTest> gradus::translate::dropout_option_tests() {
  constexpr const char* kTwoLayers = R"({"bridge": "zero", "encoder_layers": 2, "decoder_layers": 2})";
  return {
      {"dropout", "0.25", kTwoLayers, check_dropout},
      {"embedding_dropout", "0.25", kTwoLayers, check_embedding_dropout},
      {"layer_dropout", "0.25", kTwoLayers, check_layer_dropout},
      {"output_dropout", "0.25", kTwoLayers, check_output_dropout},
      {"recurrent_dropout", "0.25", kTwoLayers, check_recurrent_dropout},
      {"word_dropout", "0.25", kTwoLayers, check_word_dropout},
  };
}
