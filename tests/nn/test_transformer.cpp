#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "nn/transformer.h"
#include "ops/layout.h"
#include "tests/golden/golden.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"
#include "tests/support/randomize.h"

using namespace gradus;

namespace {

constexpr int kModelSize = 6, kHeads = 2, kInner = 5;
constexpr TransformerOptions kPaper{.size = kModelSize, .heads = kHeads, .feed_forward = kInner, .dropout = 0};
constexpr TransformerOptions kNormFirst{
    .size = kModelSize, .heads = kHeads, .feed_forward = kInner, .dropout = 0, .norm_first = true};
constexpr TransformerOptions kNormFirstGelu{.size = kModelSize,
                                            .heads = kHeads,
                                            .feed_forward = kInner,
                                            .dropout = 0,
                                            .norm_first = true,
                                            .activation = Activation::Gelu};

/// A case whose padded sentences a module sees packed.
struct PackedCase : GoldenCase {
  PackedCase(const std::string& name, Module& module)
      : GoldenCase("transformer", name), packing(ints("lengths")), memory_packing(ints("memory_lengths")) {
    load(module);
  }

  Tensor x() { return pack(input("x"), packing); }
  Tensor memory() { return pack(input("memory"), memory_packing); }
  SequenceRows sentences() const { return packed_rows(packing); }
  SequenceRows memory_sentences() const { return packed_rows(memory_packing); }
  void check_rows(Tensor y) { check({{"y", unpack(y, packing)}}); }

  Packing packing, memory_packing;
};

}

TEST_CASE("golden: attention of whole sentences as torch.nn.MultiheadAttention") {
  SequenceAttention attention(nullptr, "", kModelSize, kHeads);
  for (const bool causal : {false, true}) {
    PackedCase golden(causal ? "causal_attention" : "self_attention", attention);
    golden.check_rows(attention(golden.x(), golden.sentences(), causal));
    attention.zero_grad();
  }
  {
    PackedCase golden("cross_attention", attention);
    const KeysValues memory = attention.prepare(golden.memory(), golden.memory_sentences());
    golden.check_rows(attention(golden.x(), golden.sentences(), memory));
    attention.zero_grad();
  }
  PackedCase golden("step", attention);
  const KeysValues memory = attention.prepare(golden.memory(), golden.memory_sentences());
  const Attended attended = attention.step(golden.input("x"), memory);
  golden.check({{"context", attended.context}, {"weights", attended.weights}});
}

TEST_CASE("golden: layers as torch.nn.TransformerEncoderLayer and TransformerDecoderLayer") {
  for (const auto& [name, options] : {std::pair("paper", kPaper), std::pair("norm_first_gelu", kNormFirstGelu)}) {
    {
      TransformerEncoderLayer layer(nullptr, "", options);
      PackedCase golden(fmt::format("encoder_layer_{}", name), layer);
      golden.check_rows(layer(golden.x(), golden.sentences()));
    }
    TransformerDecoderLayer layer(nullptr, "", options);
    PackedCase golden(fmt::format("decoder_layer_{}", name), layer);
    const KeysValues memory = layer.multihead_attn.prepare(golden.memory(), golden.memory_sentences());
    golden.check_rows(layer(golden.x(), golden.sentences(), memory));
  }
}

TEST_CASE("golden: stacks as torch.nn.TransformerEncoder and TransformerDecoder, with all of their parameters") {
  {
    TransformerEncoderStack encoder(nullptr, "", 2, kNormFirst);
    PackedCase golden("encoder", encoder);
    CHECK(Golden("transformer").below("encoder/gradient/").size() == encoder.parameters().size() + 1);
    golden.check_rows(encoder(golden.x(), golden.sentences()));
  }
  TransformerDecoderStack decoder(nullptr, "", 2, kNormFirst);
  PackedCase golden("decoder", decoder);
  CHECK(Golden("transformer").below("decoder/gradient/").size() == decoder.parameters().size() + 2);
  golden.check_rows(
      decoder(golden.x(), golden.sentences(), decoder.prepare(golden.memory(), golden.memory_sentences())));
}

TEST_CASE("transformer: gradients, with dropout too" * doctest::skip(!kGradcheck)) {
  const std::vector<int> lengths = {3, 2}, memory_lengths = {2, 2};
  for (TransformerOptions options : {kPaper, kNormFirstGelu}) {
    options.dropout = Real(0.3);
    TransformerEncoderStack encoder(nullptr, "encoder", 1, options);
    TransformerDecoderStack decoder(nullptr, "decoder", 2, options);
    std::vector<Parameter*> parameters = encoder.parameters();
    for (Parameter* parameter : decoder.parameters()) parameters.push_back(parameter);
    randomize(encoder);
    randomize(decoder);
    const auto both = [&](Tensor x, Tensor states) {
      const SequenceRows sentences = packed_rows(Packing(lengths)), memory = packed_rows(Packing(memory_lengths));
      return decoder(x, sentences, decoder.prepare(encoder(states, memory), memory));
    };
    gradcheck("transformer", {{5, kModelSize}, {4, kModelSize}}, both, parameters, {.step = 1e-6});
  }
}

TEST_CASE("transformer: what a position knows") {
  const Checking nothing(kCheckNothing);  // NaN as what is not known
  constexpr int kLength = 5, kChanged = 3;
  TransformerEncoderStack encoder(nullptr, "encoder", 2, kNormFirst);
  TransformerDecoderStack decoder(nullptr, "decoder", 2, kPaper);
  randomize(encoder);
  randomize(decoder);
  const std::vector<int> lengths = {kLength};
  // Rows of the encoder's or the decoder's output, each on a tape of its own, so that products run in the same way.
  const auto run = [&](bool encode, Real change) {
    const Tape tape(Tape::Inference);
    const SequenceRows sentences = padded_rows(lengths, kLength);
    Tensor x = constant({kLength, kModelSize}, some_numbers(kLength * kModelSize, 2));
    const Tensor states = constant({kLength, kModelSize}, some_numbers(kLength * kModelSize, 1));
    x.value().row(kChanged)[0] += change;
    const Tensor y = encode ? encoder(x, sentences) : decoder(x, sentences, decoder.prepare(states, sentences));
    std::vector<std::vector<Real>> rows;
    for (int t = 0; t < kLength; ++t) rows.emplace_back(y.value().row(t), y.value().row(t) + kModelSize);
    return rows;
  };
  const auto decoded = run(false, 0), encoded = run(true, 0), encoded_after = run(true, 1);
  for (const Real change : {Real(1), std::numeric_limits<Real>::quiet_NaN()}) {
    const auto after = run(false, change);
    for (int t = 0; t < kLength; ++t) CHECK((decoded[t] == after[t]) == (t < kChanged));
  }
  for (int t = 0; t < kLength; ++t) CHECK(encoded[t] != encoded_after[t]);
}

TEST_CASE("transformer: a sentence does not depend on the others in its batch, nor on padding") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  const std::vector<int> lengths = {4, 2, 1}, memory_lengths = {3, 1, 2};
  constexpr int kSteps = 4, kMemorySteps = 3;
  const int B = 3;
  TransformerEncoderStack encoder(nullptr, "encoder", 2, kPaper);
  TransformerDecoderStack decoder(nullptr, "decoder", 2, kNormFirst);
  randomize(encoder);
  randomize(decoder);
  const Tape tape(Tape::Inference);
  const auto padded = [&](int steps, const std::vector<int>& own_lengths, int seed) {
    Tensor x = constant({B, steps, kModelSize}, some_numbers(B * steps * kModelSize, seed));
    for (int b = 0; b < B; ++b) {
      const auto begin = x.value().begin() + (b * steps + own_lengths[b]) * kModelSize;
      std::fill(begin, x.value().begin() + (b + 1) * steps * kModelSize, std::numeric_limits<Real>::quiet_NaN());
    }
    return x;
  };
  const auto run = [&](Tensor x, Tensor states, std::span<const int> own, std::span<const int> memory) {
    const SequenceRows sentences = padded_rows(own, x.dim(1)), of_memory = padded_rows(memory, states.dim(1));
    return decoder(x, sentences, decoder.prepare(encoder(states, of_memory), of_memory));
  };
  const Tensor x = padded(kSteps, lengths, 1), states = padded(kMemorySteps, memory_lengths, 2);
  const Tensor together = run(x, states, lengths, memory_lengths);
  for (int b = 0; b < B; ++b) {
    const auto part = [&](Tensor all, int length) { return slice(slice(all, 0, b, b + 1), 1, 0, length); };
    const Tensor alone =
        run(part(x, lengths[b]), part(states, memory_lengths[b]), {&lengths[b], 1}, {&memory_lengths[b], 1});
    check_numbers_close("alone", part(together, lengths[b]).value(), alone.value());
  }
}

TEST_CASE("transformer: position by position as all at once") {
  const std::vector<int> memory_lengths = {4, 2};
  constexpr int kSteps = 5;
  for (const TransformerOptions& options : {kPaper, kNormFirst}) {
    TransformerDecoderStack decoder(nullptr, "decoder", 2, options);
    randomize(decoder);
    decoder.eval();
    const Tape tape(Tape::Inference);
    const std::vector<int> lengths = {kSteps, kSteps};
    const Packing packing(lengths), memory_packing(memory_lengths);
    const Tensor x = constant({2 * kSteps, kModelSize}, some_numbers(2 * kSteps * kModelSize, 1));
    const auto memories =
        decoder.prepare(constant({6, kModelSize}, some_numbers(6 * kModelSize, 2)), packed_rows(memory_packing));
    const Tensor whole = decoder(x, packed_rows(packing), memories);
    std::vector<KeyValueCache> caches(2);
    for (int t = 0; t < kSteps; ++t) {
      const Attended step = decoder.step(slice(x, 0, 2 * t, 2 * t + 2), caches, memories);
      check_numbers_close("step", step.context.value(), slice(whole, 0, 2 * t, 2 * t + 2).value());
      for (int b = 0; b < 2; ++b) {
        const Real* const weights = step.weights.value().row(b);
        CHECK(std::accumulate(weights, weights + memory_lengths[b], Real(0)) == doctest::Approx(1));
      }
    }
  }
}

TEST_CASE("transformer: sinusoidal positions by their formula, and as rotations of each other") {
  const Tape tape;
  check_numbers(sinusoidal_positions(0, 2, 4), {0, 1, 0, 1, std::sin(1), std::cos(1), std::sin(0.01), std::cos(0.01)});
  constexpr int H = 8;
  const ConstArray p = sinusoidal_positions(3, 40, H).value();
  check_numbers(sinusoidal_positions(10, 1, H), {p.row(7), p.row(7) + H});
  for (int t = 0; t + 5 < 40; ++t) {  // "PE at t + k is a linear function of PE at t"
    for (int i = 0; i < H; i += 2) {
      const double angle = 5 * std::pow(10000.0, -double(i) / H);
      const double turned = p.row(t)[i] * std::cos(angle) + p.row(t)[i + 1] * std::sin(angle);
      REQUIRE(p.row(t + 5)[i] == doctest::Approx(turned).epsilon(1e-5));
    }
  }
}

TEST_CASE("transformer: begins as PyTorch's, and names what does not fit") {
  SequenceAttention attention(nullptr, "attention", 60, 4);
  const double bound = std::sqrt(6.0 / (4 * 60));
  const auto [low, high] = std::ranges::minmax(attention.in_proj_weight.value());
  CHECK(low >= Real(-bound));
  CHECK(high > Real(0.99 * bound));
  CHECK(std::ranges::none_of(attention.out_proj.bias->value(), [](Real b) { return b != 0; }));
  CHECK_THROWS_WITH_AS(SequenceAttention(nullptr, "attention", 6, 4),
                       "attention: 4 heads for states of size 6; need a size that is a multiple of the heads [in "
                       "attention]",
                       Error);
}
