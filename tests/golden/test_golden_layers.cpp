#include <doctest/doctest.h>

#include <functional>

#include "nn/containers/sequential.h"
#include "nn/convolution/batch_norm.h"
#include "nn/convolution/convolution.h"
#include "nn/convolution/pooling.h"
#include "nn/recurrent.h"
#include "nn/storage/safetensors.h"
#include "nn/transformer.h"
#include "ops/convolution/batch_norm.h"
#include "ops/convolution/convolution.h"
#include "ops/convolution/pooling.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/losses/losses.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/sequence/embedding.h"
#include "tests/golden/golden.h"

using namespace gradus;

namespace {

using OfTwo = std::function<Tensor(Tensor, Tensor)>;

/// A case whose inputs have the given names.
void check_of_two(const std::string& file, const std::string& name, const OfTwo& op, const char* a = "input",
                  const char* b = "other") {
  GoldenCase golden(file, name);
  const Tensor first = golden.input(a), second = golden.input(b);
  golden.check({{"y", op(first, second)}});
}

OfTwo einsum_of(const char* equation) {
  return [=](Tensor a, Tensor b) { return einsum(equation, a, b); };
}

}

TEST_CASE("golden: matmul of any axes, outer, einsum") {
  for (const char* name : {"batches", "matrix", "row", "column", "dot", "six"}) {
    check_of_two("products", std::string("matmul_") + name, matmul);
  }
  check_of_two("products", "outer", outer, "input", "vec2");
  check_of_two("products", "einsum_batch", einsum_of("bhtd,bhsd->bhts"), "a", "b");
  check_of_two("products", "einsum_mixed", einsum_of("aib,cbi->ca"), "a", "b");
  check_of_two("products", "einsum_sums", einsum_of("aij,bk->kb"), "a", "b");
  check_of_two("products", "einsum_implicit", einsum_of("ki,jk"), "a", "b");
  GoldenCase golden("products", "einsum_one");
  golden.check({{"y", einsum("abc->cb", golden.input("a"))}});
}

TEST_CASE("golden: losses with every reduction") {
  for (const Reduction reduction : {Reduction::None, Reduction::Mean, Reduction::Sum}) {
    const std::string suffix = fmt::format("_{}", to_string(reduction));
    const std::map<std::string, OfTwo> losses = {
        {"mse_loss", [=](Tensor x, Tensor t) { return mse_loss(x, t, reduction); }},
        {"l1_loss", [=](Tensor x, Tensor t) { return l1_loss(x, t, reduction); }},
        {"huber_loss", [=](Tensor x, Tensor t) { return huber_loss(x, t, Real(0.7), reduction); }},
        {"smooth_l1_loss", [=](Tensor x, Tensor t) { return smooth_l1_loss(x, t, Real(0.4), reduction); }},
        {"logits",
         [=](Tensor x, Tensor t) { return binary_cross_entropy_with_logits(x, t, {.reduction = reduction}); }},
        {"logits_weighted",
         [=](Tensor x, Tensor t) {
           const Tensor weight = constant({4}, {0.5, 1, 2, 1.5}), pos_weight = constant({4}, {3, 1, 0.5, 2});
           return binary_cross_entropy_with_logits(x, t, {weight, pos_weight, reduction});
         }},
        {"kl_div", [=](Tensor x, Tensor t) { return kl_divergence(x, t, reduction); }},
        {"kl_div_log", [=](Tensor x, Tensor t) { return kl_divergence(x, t, reduction, true); }},
    };
    for (const auto& [name, loss] : losses) check_of_two("losses", name + suffix, loss, "input", "target");
    const std::string name = "binary_cross_entropy" + suffix;
    GoldenCase golden("losses", name);
    const Golden::Entry target = Golden("losses").at(name + "/index/target");
    const Tensor weight = constant({4}, {0.5, 1, 2, 1.5});
    golden.check({{"y", binary_cross_entropy(golden.input("input"), constant(target.shape, target.values),
                                             {.weight = weight, .reduction = reduction})}});
  }
}

TEST_CASE("golden: losses of classes, with weights, ignored targets, distributions, and axes behind the classes") {
  for (const Reduction reduction : {Reduction::None, Reduction::Mean, Reduction::Sum}) {
    for (const std::string shape : {"rows", "places", "pictures", "one"}) {
      const std::vector<Real> weights = {0.5, 1, 2, 1.5};
      {
        GoldenCase golden("losses", fmt::format("nll_loss_{}_{}", shape, to_string(reduction)));
        golden.check({{"y", nll_loss(golden.input("input"), golden.ints("targets"),
                                     {.weight = constant({4}, weights), .reduction = reduction})}});
      }
      for (const char* smoothing : {"0.0", "0.1"}) {
        CrossEntropyOptions options{.label_smoothing = Real(smoothing[2] == '0' ? 0 : 0.1), .reduction = reduction};
        const std::string suffix = fmt::format("_{}_{}_{}", shape, smoothing, to_string(reduction));
        {
          GoldenCase golden("losses", "cross_entropy" + suffix);
          options.weight = constant({4}, weights);
          golden.check({{"y", cross_entropy(golden.input("input"), golden.ints("targets"), options)}});
        }
        GoldenCase golden("losses", "distributions" + suffix);
        options.weight = constant({4}, weights);
        golden.check({{"y", cross_entropy(golden.input("input"), golden.input("target"), options)}});
      }
    }
  }
}

namespace {

/// 1 for the rows of sentences and 0 for padding.   -> (B, S, 1)
Tensor unpadded(const SequenceRows& rows) {
  const int B = static_cast<int>(rows.length.size()), S = static_cast<int>(rows.offset.size());
  Tensor mask = full({B, S, 1}, 0);
  for (int b = 0; b < B; ++b) std::fill_n(&mask.value()[b * S], rows.length[b], Real(1));
  return mask;
}

Tensor mask_of(GoldenCase& golden, const std::string& name, const Shape& shape) {
  const std::vector<int> numbers = golden.ints(name);
  return constant(shape, std::vector<Real>(numbers.begin(), numbers.end()));
}

}

TEST_CASE("golden: attention with masks, of sentences, heads, queries and keys, beside lengths and order") {
  constexpr int kSteps = 4, kSize = 6, kHeads = 2;
  const TransformerOptions options{.size = kSize, .heads = kHeads, .feed_forward = 5, .dropout = 0};
  {
    GoldenCase golden("masks", "attention_each");
    SequenceAttention attention(nullptr, "", kSize, kHeads);
    golden.load(attention);
    const AttentionMask mask{.allowed = mask_of(golden, "allowed", {2, kHeads, kSteps, kSteps})};
    const SequenceRows rows = padded_rows(golden.ints("lengths"), kSteps);
    golden.check({{"y", attention(golden.input("x"), rows, false, mask) * unpadded(rows)}});
  }
  {
    GoldenCase golden("masks", "attention_bias");
    SequenceAttention attention(nullptr, "", kSize, kHeads);
    golden.load(attention);
    const SequenceRows rows = padded_rows(golden.ints("lengths"), kSteps);
    golden.check({{"y", attention(golden.input("x"), rows, false, {.bias = golden.input("bias")}) * unpadded(rows)}});
  }
  {
    GoldenCase golden("masks", "encoder");
    TransformerEncoderLayer layer(nullptr, "", options);
    golden.load(layer);
    const SequenceRows rows = padded_rows(golden.ints("lengths"), kSteps);
    const AttentionMask mask{.allowed = mask_of(golden, "allowed", {kSteps, kSteps})};
    golden.check({{"y", layer(golden.input("x"), rows, mask) * unpadded(rows)}});
  }
  GoldenCase golden("masks", "decoder");
  TransformerDecoderLayer layer(nullptr, "", options);
  golden.load(layer);
  const SequenceRows rows = padded_rows(golden.ints("lengths"), kSteps);
  const AttentionMask mask{.allowed = mask_of(golden, "allowed", {kSteps, kSteps})};
  const AttentionMask memory_mask{.allowed = mask_of(golden, "memory_allowed", {kSteps, kSteps})};
  const KeysValues memory = layer.multihead_attn.prepare(golden.input("memory"), rows);
  golden.check({{"y", layer(golden.input("x"), rows, memory, mask, memory_mask) * unpadded(rows)}});
}

namespace {

/// The states of all layers and directions.   h, c: (n, B, ·)
std::vector<LstmState> states_of(Tensor h, Tensor c) {
  std::vector<LstmState> states;
  const auto at = [](Tensor x, int i) { return reshape(slice(x, 0, i, i + 1), {x.dim(1), x.dim(2)}); };
  for (int i = 0; i < h.dim(0); ++i) states.push_back({at(h, i), c ? at(c, i) : c});
  return states;
}

template <class Get>
Tensor stacked(std::span<const LstmState> states, Get get) {
  std::vector<Tensor> parts;
  for (const LstmState& state : states) parts.push_back(get(state));
  return stack(parts);
}

/// A layer with one kind of state, without bias, in both directions.
template <class Layer>
void check_without_bias(const char* name) {
  GoldenCase golden("recurrent_more", name);
  Layer layer(nullptr, "", 3, 4, {.bidirectional = true, .bias = false});
  golden.load(layer);
  std::vector<Tensor> initial;
  for (const LstmState& state : states_of(golden.input("h"), {})) initial.push_back(state.hidden);
  const auto [output, final] = layer(golden.input("x"), golden.ints("lengths"), initial);
  golden.check({{"output", output}, {"hidden", stack(final)}});
}

template <class Cell>
void check_cell(const char* name) {
  GoldenCase golden("recurrent_more", name);
  Cell cell(nullptr, "", 3, 4);
  golden.load(cell);
  golden.check({{"y", cell(golden.input("x"), golden.input("h"))}});
}

struct GRUCellWithoutBias : GRUCell {
  GRUCellWithoutBias(Module* parent, std::string name, int in, int hidden)
      : GRUCell(parent, std::move(name), in, hidden, false) {}
};
struct RNNCellWithoutBias : RNNCell {
  RNNCellWithoutBias(Module* parent, std::string name, int in, int hidden)
      : RNNCell(parent, std::move(name), in, hidden, Nonlinearity::Tanh, false) {}
};

}

TEST_CASE("golden: recurrent layers with projections, without bias, and with initial states of padded sequences") {
  for (const int layers : {1, 2}) {
    for (const bool bidirectional : {false, true}) {
      for (const int proj_size : {0, 2}) {
        if (layers == 1 && proj_size == 0) continue;
        GoldenCase golden("recurrent_more", fmt::format("lstm_{}_{:d}_{}", layers, int(bidirectional), proj_size));
        LSTM lstm(nullptr, "", 3, 4,
                  {.layers = layers, .bidirectional = bidirectional, .bias = proj_size > 0, .proj_size = proj_size});
        golden.load(lstm);
        const std::vector<LstmState> initial = states_of(golden.input("h"), golden.input("c"));
        const auto [output, final] = lstm(golden.input("x"), golden.ints("lengths"), initial);
        golden.check({{"output", output},
                      {"hidden", stacked(final, [](const LstmState& state) { return state.hidden; })},
                      {"cell", stacked(final, [](const LstmState& state) { return state.cell; })}});
      }
    }
  }
  check_without_bias<GRU>("gru_without_bias");
  check_without_bias<RNN>("rnn_without_bias");
}

TEST_CASE("golden: recurrent cells without bias") {
  check_cell<GRUCellWithoutBias>("gru_cell");
  check_cell<RNNCellWithoutBias>("rnn_cell");
  GoldenCase golden("recurrent_more", "lstm_cell");
  LSTMCell cell(nullptr, "", 3, 4, false);
  golden.load(cell);
  const LstmState state = cell(golden.input("x"), {golden.input("h"), golden.input("c")});
  golden.check({{"hidden", state.hidden}, {"cell", state.cell}});
}

TEST_CASE("golden: embedding with padding, layer_norm over several axes and without parameters") {
  for (const auto kind : {GoldenCase::Variable, GoldenCase::Parameter}) {
    GoldenCase golden("norms", "embedding_padding");
    golden.check({{"y", embedding(golden.input("weight", kind), golden.ints("ids"), 3)}});
  }
  {
    GoldenCase golden("norms", "layer_norm_two");
    golden.check({{"y", layer_norm(golden.input("input"), golden.input("weight"), golden.input("bias"))}});
  }
  {
    GoldenCase golden("norms", "layer_norm_weight");
    golden.check({{"y", layer_norm(golden.input("input"), {4}, golden.input("weight"))}});
  }
  GoldenCase golden("norms", "layer_norm_plain");
  golden.check({{"y", layer_norm(golden.input("input"), {2, 3, 4})}});
}

TEST_CASE("golden: convolution and pooling") {
  const std::map<std::string, std::function<Tensor(Tensor, Tensor, Tensor)>> convolutions = {
      {"plain", [](Tensor x, Tensor w, Tensor b) { return conv2d(x, w, b); }},
      {"strided", [](Tensor x, Tensor w, Tensor b) { return conv2d(x, w, b, 2, 1); }},
      {"uneven",
       [](Tensor x, Tensor w, Tensor b) {
         return conv2d(x, w, b, {2, 1}, {0, 3}, {1, 2});
       }},
      {"groups", [](Tensor x, Tensor w, Tensor b) { return conv2d(x, w, b, 1, 1, 1, 2); }},
      {"depthwise", [](Tensor x, Tensor w, Tensor b) { return conv2d(x, w, b, 1, 0, 1, 4); }},
  };
  for (const auto kind : {GoldenCase::Variable, GoldenCase::Parameter}) {
    for (const auto& [name, convolution] : convolutions) {
      GoldenCase golden("convolution", "conv2d_" + name);
      golden.check(
          {{"y", convolution(golden.input("input"), golden.input("weight", kind), golden.input("bias", kind))}});
    }
    GoldenCase golden("convolution", "conv1d");
    golden.check({{"y", conv1d(golden.input("input"), golden.input("weight", kind), {}, 2, 1, 2, 2)}});
  }
  const std::map<std::string, Tensor (*)(Tensor)> pools = {
      {"max_pool2d", [](Tensor x) { return max_pool2d(x, 2); }},
      {"max_pool2d_more",
       [](Tensor x) {
         return max_pool2d(x, {3, 2}, Pair(2, 1), 1, {1, 2});
       }},
      {"max_pool1d", [](Tensor x) { return max_pool1d(x, 3, 2, 1); }},
      {"avg_pool2d", [](Tensor x) { return avg_pool2d(x, 2); }},
      {"avg_pool2d_more",
       [](Tensor x) {
         return avg_pool2d(x, {3, 2}, Pair(2, 1), 1);
       }},
      {"avg_pool2d_inside",
       [](Tensor x) {
         return avg_pool2d(x, {3, 2}, 2, 1, false, false);
       }},
      {"max_pool2d_ceil", [](Tensor x) { return max_pool2d(x, 3, 2, 1, 1, true); }},
      {"avg_pool2d_ceil", [](Tensor x) { return avg_pool2d(x, 3, 2, 1, true); }},
      {"avg_pool2d_ceil_inside", [](Tensor x) { return avg_pool2d(x, 3, 2, 0, true, false); }},
      {"avg_pool1d", [](Tensor x) { return avg_pool1d(x, 3, 2, 1); }},
  };
  for (const auto& [name, pool] : pools) {
    GoldenCase golden("convolution", name);
    golden.check({{"y", pool(golden.input("input"))}});
  }
}

TEST_CASE("golden: batch_norm and its running statistics") {
  for (const int rank : {2, 3, 4}) {
    for (const bool training : {false, true}) {
      const std::string name = fmt::format("batch_norm_{}_{:d}", rank, int(training));
      GoldenCase golden("convolution", name);
      std::vector<Real> mean = {0.5, -1, 2}, var = {1, 0.25, 4};
      golden.check({{"y", batch_norm(golden.input("input"), mean, var, golden.input("weight"), golden.input("bias"),
                                     training, Real(0.3), Real(1e-3))}});
      const Golden file("convolution");
      check_close(name + ": mean", mean, file.at(name + "/running/mean"));
      check_close(name + ": var", var, file.at(name + "/running/var"));
    }
  }
}

namespace {

/// A small net for pictures, (N, 2, 6, 5).
struct Net : Sequential {
  Net() : Sequential(nullptr, "") {
    add<Conv2d>(2, 4, 3, ConvolutionOptions{.padding = 1, .bias = false});
    add<BatchNorm2d>(4);
    add(relu);
    add<MaxPool2d>(2);
    add<Flatten>();
    add<Linear>(4 * 3 * 2, 3);
  }
};

}

TEST_CASE("golden: a net for pictures, and the state that PyTorch saves of it") {
  {
    GoldenCase golden("convolution", "net");
    Net net;
    golden.load(net);
    golden.check({{"y", net(golden.input("x"))}});
  }
  Net net;
  load(net, std::string(GRADUS_GOLDEN_DIR) + "/net_state.safetensors");
  for (const NamedArray& array : state_dict(net)) {
    if (array.name == "1.num_batches_tracked") CHECK(array.array[0] == 3);
  }
  net.eval();
  Tape tape;
  const Golden golden("net_output");
  const Golden::Entry x = golden.at("eval/input/x");
  check_close("y", net(constant(x.shape, x.values)).value(), golden.at("eval/output/y"));
}
