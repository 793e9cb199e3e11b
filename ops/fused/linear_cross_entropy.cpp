#include "ops/fused/linear_cross_entropy.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/blas.h"
#include "ops/gradients.h"
#include "ops/kernels/cross_entropy.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

// The loss is the end of a step, so its gradients can be had before they are asked for: with dz the gradient of a block
// of logits, still in cache, for an upstream gradient of 1,
//
//     dx = dz W        dW += dzᵀ x        db += Σ rows of dz
//
// are computed as soon as the block's loss is. The backward multiplies them by the upstream gradient, commonly 1. To
// compute the logits again in the backward instead would cost a fourth product of the same size.

namespace gradus::inline GRADUS_PRECISION {

namespace {

// Larger blocks read and write dW less often; smaller ones stay in the cache. At V 5921 and K 256 anything from 64 to
// 240 is within 6 %.
constexpr int kBlockRows = 192;  // even: `linear_r_drop` has two rows a word
// So many rows add to dW in Real, as they do in a product, and more of them in double. Of 2^18 rows the error of dW is
// 4e-8, as with one product of all; without double it would be 5e-7.
constexpr int kRowsInReal = 64 * kBlockRows;

void require_shapes(const char* op, Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                    const CrossEntropyOptions& options) {
  if (x.rank() != 2 || weight.rank() != 2 || x.dim(1) != weight.dim(1)) {
    fail("{}: sizes differ: x is {}, weight is {}; need (N, K) and (V, K)", op, x.shape(), weight.shape());
  }
  const int classes = weight.dim(0);
  if (bias && bias.shape() != Shape{classes}) {
    fail("{}: bias does not fit: bias is {}, weight is {}; need bias ({})", op, bias.shape(), weight.shape(), classes);
  }
  if (targets.size() != std::size_t(x.dim(0))) {
    fail("{}: rows do not fit: x is {}, targets has {}; need x (N, K) and N targets", op, x.shape(), targets.size());
  }
  options.check(op, targets, classes);
  if (options.weight || options.reduction != Reduction::Mean) {
    fail("{}: {} weights, reduction {}; need none and {}, or cross_entropy(linear(…), …)", op,
         options.weight ? "class" : "no", to_string(options.reduction), to_string(Reduction::Mean));
  }
}

void require_pairs(std::span<const int> targets, Real alpha) {
  if (!(alpha >= 0)) fail("linear_r_drop: bad alpha: {}; need 0 or more", alpha);
  if (targets.size() % 2 != 0) fail("linear_r_drop: targets has {}; need two of each word", targets.size());
  for (std::size_t i = 0; i < targets.size(); i += 2) {
    if (targets[i] == targets[i + 1]) continue;
    fail("linear_r_drop: targets[{}] is {}, targets[{}] is {}; need the same word twice", i, targets[i], i + 1,
         targets[i + 1]);
  }
}

/// The gradients for an upstream gradient of 1; null where none is needed.
struct Gradients {
  Real* x = nullptr;       // (N, K)
  Real* weight = nullptr;  // (V, K)
  double* bias = nullptr;  // (V), the sum over the blocks
};

template <class Number = Real>
Number* zeros_if_needed(Tensor x) {
  if (!x || !x.needs_grad()) return nullptr;
  return Tape::active().arena().make_array(x.size(), [](std::size_t) { return Number{0}; }).data();
}

/// total += x, and x = 0.
void move_to_double(Real* x, double* total, std::size_t size) {
  kernels::add_to_double(x, total, size);
  kernels::fill(0, x, size);
}

/// Adds the losses of the given rows, and their gradients; with an α those of two rows each, as `linear_r_drop` has
/// them. The logits, (count, V), exist only in here.
double add_block(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets, std::span<const int> rows,
                 Real alpha, Real smoothing, Real scale, std::span<Real> row_losses, const Gradients& gradients) {
  const int count = static_cast<int>(rows.size()), K = weight.dim(1), V = weight.dim(0);
  const std::size_t row_size = K, logits_size = V;
  Scratch scratch;
  Real* const inputs = scratch.allocate(count * row_size);
  Real* const logits = scratch.allocate(count * logits_size);
  for (int i = 0; i < count; ++i) {
    kernels::copy(x.value().data + rows[i] * row_size, inputs + i * row_size, row_size);
    if (bias) {
      kernels::copy(bias.value().data, logits + i * logits_size, logits_size);
    } else {
      kernels::fill(0, logits + i * logits_size, logits_size);
    }
  }
  gemm(N, T, count, V, K, 1, inputs, K, weight.value().data, K, 1, logits, V);

  double loss = 0;
  const auto add = [&](int row, Real row_loss) {
    if (!row_losses.empty()) row_losses[row] = row_loss;
    loss += row_loss;
  };
  for (int i = 0; i < count; i += alpha != 0 ? 2 : 1) {
    Real* const row = logits + i * logits_size;
    const int target = targets[rows[i]];
    if (alpha == 0) {
      add(rows[i], kernels::cross_entropy_row(row, logits_size, target, smoothing, scale));
      continue;
    }
    const auto [first, second, divergence] =
        kernels::cross_entropy_pair(row, row + logits_size, logits_size, target, smoothing, alpha, scale);
    add(rows[i], first);
    add(rows[i + 1], second);
    loss += alpha * divergence;
  }
  const Real* const dlogits = logits;
  if (gradients.weight) gemm(T, N, V, K, count, 1, dlogits, V, inputs, K, 1, gradients.weight, K);
  if (gradients.bias) {
    Real* const rows_sum = scratch.allocate(logits_size);
    kernels::fill(0, rows_sum, logits_size);
    kernels::add_rows(dlogits, count, logits_size, logits_size, rows_sum);
    kernels::add_to_double(rows_sum, gradients.bias, logits_size);
  }
  if (gradients.x) {
    Real* const dinputs = inputs;  // no longer needed themselves
    gemm(N, N, count, K, V, 1, dlogits, V, weight.value().data, K, 0, dinputs, K);
    for (int i = 0; i < count; ++i) kernels::copy(dinputs + i * row_size, gradients.x + rows[i] * row_size, row_size);
  }
  return loss;
}

Tensor loss_of_blocks(const char* op, Tensor x, Tensor weight, Tensor bias, std::span<const int> targets, Real alpha,
                      const CrossEntropyOptions& options) {
  Tensor loss = bias ? output({}, {x, weight, bias}) : output({}, {x, weight});
  Gradients gradients;
  if (loss.needs_grad()) gradients = {zeros_if_needed(x), zeros_if_needed(weight), zeros_if_needed<double>(bias)};

  Scratch scratch;
  int* const rows = scratch.allocate<int>(targets.size());  // those that are not ignored
  int count = 0;
  std::fill(options.row_losses.begin(), options.row_losses.end(), Real{0});
  for (std::size_t row = 0; row < targets.size(); ++row) {
    if (targets[row] != options.ignored) rows[count++] = row;
  }
  const Real divisor = options.divisor != 0 ? options.divisor : Real(std::max(count, 1));
  double total = 0;
  double* const dweight =
      gradients.weight != nullptr && count > kRowsInReal ? scratch.allocate<double>(weight.size()) : nullptr;
  if (dweight != nullptr) std::fill_n(dweight, weight.size(), 0.0);
  for (int begin = 0; begin < count; begin += kBlockRows) {
    if (dweight != nullptr && begin % kRowsInReal == 0) move_to_double(gradients.weight, dweight, weight.size());
    const std::span block(rows + begin, std::min(kBlockRows, count - begin));
    total += add_block(x, weight, bias, targets, block, alpha, options.label_smoothing, 1 / divisor, options.row_losses,
                       gradients);
  }
  if (dweight != nullptr) {
    move_to_double(gradients.weight, dweight, weight.size());
    std::transform(dweight, dweight + weight.size(), gradients.weight,
                   [](double sum) { return static_cast<Real>(sum); });
  }
  loss.value()[0] = static_cast<Real>(total / divisor);

  record(op, loss, [=] {
    const Real upstream = loss.grad()[0];
    const auto pass_on = [&](Tensor input, Real* gradient) {
      if (gradient == nullptr) return;
      if (upstream != 1) kernels::scale(upstream, gradient, gradient, input.size());
      detail::give_grad(input, gradient);
    };
    pass_on(x, gradients.x);
    pass_on(weight, gradients.weight);
    if (gradients.bias == nullptr) return;
    const Array dbias = accumulator(bias);
    for (std::size_t j = 0; j < dbias.size(); ++j) dbias.data[j] += static_cast<Real>(upstream * gradients.bias[j]);
  });
  return loss;
}

}

Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options) {
  constexpr const char* kOp = "linear_cross_entropy";
  require_shapes(kOp, x, weight, bias, targets, options);
  if (Unfused::is_on()) return unfused::linear_cross_entropy(x, weight, bias, targets, options);
  return loss_of_blocks(kOp, x, weight, bias, targets, 0, options);
}

Tensor linear_r_drop(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets, Real alpha,
                     const CrossEntropyOptions& options) {
  constexpr const char* kOp = "linear_r_drop";
  require_shapes(kOp, x, weight, bias, targets, options);
  require_pairs(targets, alpha);
  if (Unfused::is_on()) return unfused::linear_r_drop(x, weight, bias, targets, alpha, options);
  return loss_of_blocks(kOp, x, weight, bias, targets, alpha, options);
}

}
