#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include "autograd/gradcheck.h"
#include "nn/convolution/gated_convolution.h"
#include "ops/convolution/convolution.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "tests/reference/twins.h"
#include "tests/support/complaint.h"
#include "tests/support/randomize.h"

using namespace gradus;

namespace {

const std::vector<int> kLengths = {5, 3, 1};
constexpr int kRows = 9, kSize = 3;

std::span<const Real> rows_of(const Tensor& x, int begin, int end) {
  return {x.value().row(std::size_t(begin)), std::size_t(end - begin) * std::size_t(x.dim(1))};
}

/// The same by conv1d, which pads with zeros on both sides; causal if only those in front count.
Tensor by_conv1d(GatedConvolution& layer, Tensor x, const Packing& packing) {
  const Tensor weight = permute(reshape(layer.weight, {2 * kSize, layer.width, kSize}), {0, 2, 1});
  const Tensor planes = transpose(unpack(x, packing));  // (B, H, S)
  const Tensor both = conv1d(planes, weight, layer.bias, 1, layer.causal ? layer.width - 1 : layer.width / 2);
  const Tensor y = pack(transpose(slice(both, 2, 0, packing.steps())), packing);
  return slice(y, 1, 0, kSize) * sigmoid(slice(y, 1, kSize));
}

}

TEST_CASE("a gated convolution is conv1d and a gate, sentence by sentence") {
  for (const bool causal : {false, true}) {
    for (const int width : {1, 3, 5}) {
      CAPTURE(width);
      GatedConvolution layer(nullptr, "layer", kSize, width, causal);
      check_twins(
          {{kRows, kSize}}, [&](Tensor x) { return layer(x, Packing(kLengths)); },
          [&](Tensor x) { return by_conv1d(layer, x, Packing(kLengths)); });
    }
  }
}

TEST_CASE("a causal convolution goes step by step as it goes all at once") {
  for (const int width : {1, 2, 3}) {
    GatedConvolution layer(nullptr, "layer", kSize, width, true);
    const Tape tape(Tape::Inference);
    const Packing packing(kLengths);
    const Tensor x = constant({kRows, kSize}, some_numbers(kRows * kSize, 1)), whole = layer(x, packing);
    Tensor before = width > 1 ? layer.nothing_before(packing.batch()) : Tensor();
    for (int t = 0; t < packing.steps(); ++t) {
      const int begin = packing.offset(t), end = begin + packing.alive(t);
      if (width > 1) before = first_rows(before, packing.alive(t));
      const Tensor step = layer.step(slice(x, 0, begin, end), before);
      check_numbers_close("step", rows_of(step, 0, end - begin), rows_of(whole, begin, end));
    }
  }
}

TEST_CASE("multi-step attention: its equations, and step by step") {
  constexpr int kEmbedding = 4;
  MultiStepAttention attention(nullptr, "attention", kSize, kEmbedding);
  const Tape tape(Tape::Inference);
  const std::vector<int> source_lengths = {4, 2, 2};
  const Packing packing(kLengths), sources(source_lengths);
  const Tensor h = constant({kRows, kSize}, some_numbers(kRows * kSize, 1));
  const Tensor g = constant({kRows, kEmbedding}, some_numbers(kRows * kEmbedding, 2));
  const Tensor z = constant({8, kEmbedding}, some_numbers(8 * kEmbedding, 3));
  const Tensor values = constant({8, kEmbedding}, some_numbers(8 * kEmbedding, 4));
  const KeysValues source{z, values, packed_rows(sources), {}, 1};
  const Tensor whole = attention(h, g, packing, source);
  for (int t = 0; t < packing.steps(); ++t) {
    const int begin = packing.offset(t), end = begin + packing.alive(t);
    const Attended step = attention.step(slice(h, 0, begin, end), slice(g, 0, begin, end), source);
    check_numbers_close("step", rows_of(step.context, 0, end - begin), rows_of(whole, begin, end));
    for (int b = 0; b < packing.alive(t); ++b) {  // by hand
      const int row = begin + b, m = source_lengths[std::size_t(b)];
      std::vector<int> own;
      for (int j = 0; j < m; ++j) own.push_back(sources.row(b, j));
      const Tensor own_h = slice(h, 0, row, row + 1);
      const Tensor d = half_sum(attention.query(own_h), slice(g, 0, row, row + 1));
      const Tensor weights = reshape(softmax(sum(gather_rows(z, own) * d, 1)), {m, 1});
      const Tensor mean = sum(gather_rows(values, own) * weights, 0, true);
      const Tensor expected = half_sum(attention.context(std::sqrt(Real(m)) * mean), own_h);
      check_numbers_close("by hand", rows_of(whole, row, row + 1), rows_of(expected, 0, 1));
    }
  }
}

TEST_CASE("gradients of gated convolutions and multi-step attention" * doctest::skip(sizeof(Real) == 4)) {
  for (const bool causal : {false, true}) {
    GatedConvolution layer(nullptr, "layer", kSize, 3, causal);
    gradcheck(
        "gated convolution", {{kRows, kSize}}, [&](Tensor x) { return layer(x, Packing(kLengths)); },
        layer.parameters());
  }
  MultiStepAttention attention(nullptr, "attention", kSize, 4);
  gradcheck(
      "multi-step attention", {{kRows, kSize}, {kRows, 4}, {8, 4}, {8, 4}},
      [&](Tensor h, Tensor g, Tensor keys, Tensor values) {
        const std::vector<int> source_lengths = {4, 2, 2};
        const KeysValues source{keys, values, packed_rows(Packing(source_lengths)), {}, 1};
        return attention(h, g, Packing(kLengths), source);
      },
      attention.parameters());
}

TEST_CASE("a convolution around a position has an odd width") {
  CHECK(complaint([] { GatedConvolution(nullptr, "layer", 3, 2, false); }) ==
        "convolution: width is 2; need 1 or more, and an odd one unless it is causal [in layer]");
}
