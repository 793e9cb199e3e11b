#include "autograd/tape.h"
// Before the results, which it tells the precision.
#include "ops/arrange/extend.h"
#include "ops/arrange/sort.h"
#include "ops/compare.h"
#include "ops/convolution/convolution.h"
#include "ops/convolution/pooling.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/attention.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/fused/recurrent.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/layout.h"
#include "ops/losses/losses.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "ops/softmax.h"
#include "ops/sparsemax.h"
#include "tests/ops/magnitudes/op_results.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Inputs = std::span<const Tensor>;

struct OpCase {
  const char* name;
  std::vector<Shape> shapes;
  Tensor (*run)(Inputs x);
  Magnitudes magnitudes = {};
  bool has_gradient = true;
};

constexpr Magnitudes kAlike{.alike = true};
constexpr Magnitudes kPositive{.positive = true};
constexpr Magnitudes kExponents{.most = 80};  // whose exp is a number of both precisions
constexpr Magnitudes kLogits{.most = 30, .one_scale = true}, kAnyLogits{.one_scale = true};

Packing packing() {
  static const int lengths[] = {3, 2};
  return Packing(lengths);
}

/// One line an op: its name, the shapes of its inputs, the op, and the magnitudes that its inputs may have.
const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> cases = {
      // Number by number
      {"add", {{2, 3}, {3}}, [](Inputs x) { return x[0] + x[1]; }},
      {"sub", {{2, 3}, {2, 1}}, [](Inputs x) { return x[0] - x[1]; }},
      {"mul", {{2, 3}, {2, 3}}, [](Inputs x) { return x[0] * x[1]; }},
      {"mul, stretched", {{2, 3}, {}}, [](Inputs x) { return x[0] * x[1]; }},
      {"div", {{2, 3}, {2, 3}}, [](Inputs x) { return x[0] / x[1]; }},
      {"div, stretched", {{2, 3}, {3}}, [](Inputs x) { return x[0] / x[1]; }},
      {"div by a small number", {{3}}, [](Inputs x) { return x[0] / Real(1e-30); }},
      {"div by a large number", {{3}}, [](Inputs x) { return x[0] / Real(1e30); }},
      {"affine", {{3}}, [](Inputs x) { return affine(x[0], Real(1.5), Real(-0.5)); }},
      {"exp", {{3}}, [](Inputs x) { return exp(x[0]); }, kExponents},
      {"log", {{3}}, [](Inputs x) { return log(x[0]); }, kPositive},
      {"tanh", {{3}}, [](Inputs x) { return tanh(x[0]); }, {.most = 40}},
      {"tanh, any", {{3}}, [](Inputs x) { return tanh(x[0]); }},
      {"sigmoid", {{3}}, [](Inputs x) { return sigmoid(x[0]); }, kExponents},
      {"sigmoid, any", {{3}}, [](Inputs x) { return sigmoid(x[0]); }},
      {"relu", {{3}}, [](Inputs x) { return relu(x[0]); }},
      {"gelu", {{3}}, [](Inputs x) { return gelu(x[0]); }, {.most = 12}},
      {"gelu, any", {{3}}, [](Inputs x) { return gelu(x[0]); }},
      {"sqrt", {{3}}, [](Inputs x) { return sqrt(x[0]); }, kPositive},
      {"square", {{3}}, [](Inputs x) { return square(x[0]); }},
      {"pow -1", {{3}}, [](Inputs x) { return pow(x[0], -1); }},
      {"pow -2", {{3}}, [](Inputs x) { return pow(x[0], -2); }},
      {"pow 3", {{3}}, [](Inputs x) { return pow(x[0], 3); }},
      {"pow 0.5", {{3}}, [](Inputs x) { return pow(x[0], Real(0.5)); }, kPositive},
      {"clamp", {{3}}, [](Inputs x) { return clamp(x[0], -1, 1); }},

      // Along an axis
      {"sum", {{5}}, [](Inputs x) { return sum(x[0]); }},
      {"sum, axis 0", {{4, 3}}, [](Inputs x) { return sum(x[0], 0); }},
      {"mean", {{5}}, [](Inputs x) { return mean(x[0]); }},
      {"mean, axis 1", {{2, 41}}, [](Inputs x) { return mean(x[0], 1); }},
      {"max", {{2, 5}}, [](Inputs x) { return max(x[0], 1); }},
      {"softmax", {{2, 4}}, [](Inputs x) { return softmax(x[0]); }, kLogits},
      {"softmax, any", {{2, 4}}, [](Inputs x) { return softmax(x[0]); }, kAnyLogits},
      {"log_softmax", {{2, 4}}, [](Inputs x) { return log_softmax(x[0]); }, kLogits},
      {"log_softmax, any", {{2, 4}}, [](Inputs x) { return log_softmax(x[0]); }, kAnyLogits},
      {"sparsemax", {{2, 4}}, [](Inputs x) { return sparsemax(x[0]); }, kAnyLogits},
      {"layer_norm", {{2, 4}, {4}, {4}}, [](Inputs x) { return layer_norm(x[0], x[1], x[2]); }, kAlike},
      {"layer_norm, epsilon 0", {{2, 4}, {4}, {4}}, [](Inputs x) { return layer_norm(x[0], x[1], x[2], 0); }, kAlike},
      {"cross_entropy",
       {{2, 4}},
       [](Inputs x) {
         return cross_entropy(x[0], std::vector{1, 3}, {.label_smoothing = Real(0.125)});
       },
       kLogits},
      {"cross_entropy, any",
       {{2, 4}},
       [](Inputs x) {
         return cross_entropy(x[0], std::vector{1, 3});
       },
       kAnyLogits},

      // Moving numbers
      {"reshape",
       {{2, 3}},
       [](Inputs x) {
         return reshape(x[0], {3, -1});
       }},
      {"transpose", {{2, 3}}, [](Inputs x) { return transpose(x[0], 0, 1); }},
      {"slice", {{2, 3}}, [](Inputs x) { return slice(x[0], 1, 0, 2); }},
      {"concat",
       {{2, 3}, {2, 1}},
       [](Inputs x) {
         return concat({x[0], x[1]}, 1);
       }},
      {"stack",
       {{3}, {3}},
       [](Inputs x) {
         return stack({x[0], x[1]});
       }},
      {"embedding",
       {{3, 2}},
       [](Inputs x) {
         return embedding(x[0], std::vector{1, 0, 1, 1});
       }},

      // Products
      {"matmul", {{2, 3}, {3, 2}}, [](Inputs x) { return matmul(x[0], x[1]); }},
      {"batched_matmul", {{2, 2, 3}, {2, 3, 2}}, [](Inputs x) { return batched_matmul(x[0], x[1]); }},
      {"linear", {{2, 3}, {4, 3}, {4}}, [](Inputs x) { return linear(x[0], x[1], x[2]); }},
      {"linear_sum",
       {{2, 4}, {2, 3}, {4, 3}},
       [](Inputs x) {
         return linear_sum(x[0], LinearTerm{x[1], x[2]});
       }},
      {"linear_cross_entropy",
       {{2, 3}, {4, 3}, {4}},
       [](Inputs x) {
         return linear_cross_entropy(x[0], x[1], x[2], std::vector{1, 3});
       },
       {.most = 2, .one_scale = true}},

      // Number by number, and by choice
      {"expm1", {{3}}, [](Inputs x) { return expm1(x[0]); }, kExponents},
      {"log1p", {{3}}, [](Inputs x) { return log1p(x[0]); }, kPositive},
      {"sin", {{3}}, [](Inputs x) { return sin(x[0]); }, {.most = 1}},
      {"cos", {{3}}, [](Inputs x) { return cos(x[0]); }, {.most = 1}},
      {"erf", {{3}}, [](Inputs x) { return erf(x[0]); }, {.most = 8}},
      {"softplus", {{3}}, [](Inputs x) { return softplus(x[0]); }},
      {"silu", {{3}}, [](Inputs x) { return silu(x[0]); }, kExponents},
      {"leaky_relu", {{3}}, [](Inputs x) { return leaky_relu(x[0]); }},
      {"elu", {{3}}, [](Inputs x) { return elu(x[0]); }},
      {"rsqrt", {{3}}, [](Inputs x) { return rsqrt(x[0]); }, kPositive},
      {"number / tensor", {{3}}, [](Inputs x) { return Real(3) / x[0]; }},
      {"abs", {{3}}, [](Inputs x) { return abs(x[0]); }},
      {"maximum", {{2,3}, {3}}, [](Inputs x) { return maximum(x[0], x[1]); }},
      {"minimum", {{2,3}, {3}}, [](Inputs x) { return minimum(x[0], x[1]); }},
      {"where", {{2,3}, {3}}, [](Inputs x) { return where(gt(x[0], 0), x[0], x[1]); }},
      {"clamp by tensors", {{2,3}, {3}, {3}}, [](Inputs x) { return clamp(x[0], x[1], x[2]); }},
      {"pow", {{3}, {3}}, [](Inputs x) { return pow(x[0], x[1]); }, {.least = 0.1, .most = 4, .positive = true}},

      // Along axes
      {"prod", {{2,3}}, [](Inputs x) { return prod(x[0], 1); }, {.least = 1e-10, .most = 1e10}},
      {"amax", {{2,3}}, [](Inputs x) { return amax(x[0], 1); }},
      {"min", {{2,5}}, [](Inputs x) { return min(x[0], 1); }},
      {"var", {{2,5}}, [](Inputs x) { return var(x[0], 1); }, {.least = 1e-15, .most = 1e15, .alike = true}},
      {"stddev", {{2,5}}, [](Inputs x) { return stddev(x[0], 1); }, kAlike},
      {"norm 1", {{2,5}}, [](Inputs x) { return norm(x[0], 1, 1); }},
      {"norm 2", {{2,5}}, [](Inputs x) { return norm(x[0], 2, 1); }},
      {"norm 3", {{2,5}}, [](Inputs x) { return norm(x[0], 3, 1); }},
      {"logsumexp", {{2,4}}, [](Inputs x) { return logsumexp(x[0], 1); }, kLogits},
      {"cumsum", {{2,5}}, [](Inputs x) { return cumsum(x[0], 1); }},
      {"sort", {{2,5}}, [](Inputs x) { return sort(x[0]).values; }},

      // Products and losses
      {"outer", {{3}, {2}}, [](Inputs x) { return outer(x[0], x[1]); }},
      {"einsum", {{2,3,2}, {2,2,3}}, [](Inputs x) { return einsum("bij,bjk->ik", x[0], x[1]); }},
      {"conv2d", {{1,2,4,4}, {3,2,2,2}, {3}}, [](Inputs x) { return conv2d(x[0], x[1], x[2]); }},
      {"max_pool2d", {{1,1,4,4}}, [](Inputs x) { return max_pool2d(x[0], 2); }},
      {"avg_pool2d", {{1,1,4,4}}, [](Inputs x) { return avg_pool2d(x[0], 2); }},
      {"l1_loss", {{3}, {3}}, [](Inputs x) { return l1_loss(x[0], x[1]); }},
      {"huber_loss", {{3}, {3}}, [](Inputs x) { return huber_loss(x[0], x[1]); }},
      {"mse_loss", {{3}, {3}}, [](Inputs x) { return mse_loss(x[0], x[1]); }, {.least = 1e-15, .most = 1e15}},
      {"binary_cross_entropy_with_logits", {{3}, {3}}, [](Inputs x) { return binary_cross_entropy_with_logits(x[0], x[1]); }, kLogits},

      // Attention
      {"dot_scores", {{2, 2}, {5, 2}}, [](Inputs x) { return dot_scores(x[0], x[1], packed_rows(packing()), 1); }},
      {"weighted_sum", {{2, 3}, {5, 2}}, [](Inputs x) { return weighted_sum(x[0], x[1], packed_rows(packing())); }},
      {"additive_scores",
       {{2, 2}, {5, 2}, {2}},
       [](Inputs x) { return additive_scores(x[0], x[1], x[2], packed_rows(packing())); },
       {.most = 3, .one_scale = true}},
      {"scaled_dot_attention",
       {{5, 2}, {5, 2}, {5, 2}},
       [](Inputs x) {
         const SequenceRows rows = packed_rows(packing());
         return scaled_dot_attention(x[0], x[1], x[2], rows, rows);
       },
       {.most = 3, .one_scale = true}},

      // Recurrence
      {"lstm_cell",
       {{2, 8}, {2, 3}, {8, 3}, {2, 2}},
       [](Inputs x) {
         return lstm_cell(x[0], LinearTerm{x[1], x[2]}, x[3]).hidden;
       },
       {.most = 1}},
      {"gru_cell",
       {{2, 6}, {2, 2}, {6, 2}, {6}},
       [](Inputs x) { return gru_cell(x[0], x[1], x[2], x[3]); },
       {.most = 1}},

      // New ones stand at the end: which numbers an op is tried at depends on its place.
      {"gelu_tanh", {{3}}, [](Inputs x) { return gelu_tanh(x[0]); }, {.most = 4}},
      {"gelu_tanh, any", {{3}}, [](Inputs x) { return gelu_tanh(x[0]); }},
      {"take_along_axis", {{2, 3}}, [](Inputs x) { return take_along_axis(x[0], std::vector{1, 1, 2, 0}); }},
      {"pad",
       {{2, 3}},
       [](Inputs x) {
         return pad(x[0], {2, 1, 1, 0}, Border::Reflect);
       }},
      {"einsum, diagonal", {{2,3,3}}, [](Inputs x) { return einsum("...ii->...i", x[0]); }},
      {"conv2d, same size", {{1,2,3,3}, {1,2,2,2}}, [](Inputs x) { return conv2d(x[0], x[1], {}, 1, Padding::Same); }},
      {"linear_r_drop",
       {{2, 3}, {4, 3}, {4}},
       [](Inputs x) {
         return linear_r_drop(x[0], x[1], x[2], std::vector{1, 1}, 2);
       },
       {.most = 2, .one_scale = true}},
  };
  return cases;
}

std::vector<double> doubles(const ConstArray& x) { return {x.begin(), x.end()}; }

Tensor run(const OpCase& op, const std::vector<std::vector<double>>& inputs, std::vector<Tensor>& x) {
  for (std::size_t i = 0; i < op.shapes.size(); ++i) {
    x.push_back(variable(op.shapes[i], std::vector<Real>(inputs[i].begin(), inputs[i].end())));
  }
  return op.run(x);
}

}

std::vector<OpDescription> op_descriptions() {
  std::vector<OpDescription> descriptions;
  for (const OpCase& op : op_cases()) {
    OpDescription& description =
        descriptions.emplace_back(OpDescription{op.name, {}, 0, op.magnitudes, op.has_gradient});
    std::vector<std::vector<double>> ones;
    for (const Shape& shape : op.shapes) {
      description.sizes.push_back(shape.size());
      ones.emplace_back(shape.size(), 1.0);
    }
    const Tape tape;
    std::vector<Tensor> x;
    description.output_size = run(op, ones, x).size();
  }
  return descriptions;
}

OpResult op_result(std::size_t op, const std::vector<std::vector<double>>& inputs,
                   const std::vector<double>& cotangent) {
  const OpCase& op_case = op_cases()[op];
  Tape tape;
  std::vector<Tensor> x;
  const Tensor y = run(op_case, inputs, x);
  OpResult result{doubles(y.value()), {}};
  if (!op_case.has_gradient) return result;
  tape.backward(y, std::vector<Real>(cotangent.begin(), cotangent.end()));
  for (const Tensor& input : x) result.gradients.push_back(doubles(input.grad()));
  return result;
}

}
