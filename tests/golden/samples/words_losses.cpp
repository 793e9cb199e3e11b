#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/losses/losses.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

Reduction reduction_of(Call& call) {
  for (const char* old : {"size_average", "reduce"}) {
    if (call.has(-1, old)) throw Unexpressed{"arguments that PyTorch has given up"};
  }
  const std::string name = call.text(-1, "reduction", "mean");
  return name == "none" ? Reduction::None : name == "sum" ? Reduction::Sum : Reduction::Mean;
}

auto of_pair(Tensor (*loss)(Tensor, Tensor, Reduction)) {
  return [loss](Call& call) -> std::vector<Tensor> {
    return {loss(call.tensor(0), call.tensor(1, "target"), reduction_of(call))};
  };
}

BinaryCrossEntropyOptions binary_options(Call& call) {
  return {.weight = call.optional_tensor(2, "weight"),
          .pos_weight = call.optional_tensor(-1, "pos_weight"),
          .reduction = reduction_of(call)};
}

std::vector<Tensor> divergence(Call& call) {
  const bool log_target = call.flag(-1, "log_target", false);
  const Tensor input = call.tensor(0), target = call.tensor(1, "target");
  if (call.text(-1, "reduction", "mean") == "batchmean") {
    const Real batch = input.rank() == 0 ? 1 : input.dim(0);
    return {kl_divergence(input, target, Reduction::Sum, log_target) / batch};
  }
  return {kl_divergence(input, target, reduction_of(call), log_target)};
}

std::vector<Tensor> likelihood(Call& call) {
  return {nll_loss(call.tensor(0), call.indices(1, "target"),
                   {.weight = call.optional_tensor(2, "weight"),
                    .ignored = call.integer(-1, "ignore_index", -100),
                    .reduction = reduction_of(call)})};
}

std::vector<Tensor> entropy(Call& call) {
  const Tensor logits = call.tensor(0), targets = call.tensor(1, "target");
  CrossEntropyOptions options;
  options.label_smoothing = call.number(-1, "label_smoothing", 0);
  options.ignored = call.integer(-1, "ignore_index", -100);
  options.weight = call.optional_tensor(2, "weight");
  options.reduction = reduction_of(call);
  if (targets.shape() == logits.shape()) return {cross_entropy(logits, targets, options)};
  return {cross_entropy(logits, call.indices(1, "target"), options)};
}

}

void add_losses(Words& words) {
  words["nn.functional.mse_loss"] = of_pair(mse_loss);
  words["nn.functional.l1_loss"] = of_pair(l1_loss);
  words["nn.functional.huber_loss"] = [](Call& call) -> std::vector<Tensor> {
    return {huber_loss(call.tensor(0), call.tensor(1, "target"), call.number(-1, "delta", 1), reduction_of(call))};
  };
  words["nn.functional.smooth_l1_loss"] = [](Call& call) -> std::vector<Tensor> {
    return {smooth_l1_loss(call.tensor(0), call.tensor(1, "target"), call.number(-1, "beta", 1), reduction_of(call))};
  };
  words["nn.functional.binary_cross_entropy"] = [](Call& call) -> std::vector<Tensor> {
    return {binary_cross_entropy(call.tensor(0), call.tensor(1, "target"), binary_options(call))};
  };
  words["nn.functional.binary_cross_entropy_with_logits"] = [](Call& call) -> std::vector<Tensor> {
    return {binary_cross_entropy_with_logits(call.tensor(0), call.tensor(1, "target"), binary_options(call))};
  };
  words["nn.functional.kl_div"] = divergence;
  words["nn.functional.nll_loss"] = likelihood;
  words["nn.functional.cross_entropy"] = entropy;
}

}
