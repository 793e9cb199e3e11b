#include "nn/optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "autograd/scratch.h"
#include "nn/optim/blocks.h"
#include "nn/optim/optimizer_kernels.h"
#include "nn/optim/settings.h"
#include "ops/gemm/function_ref.h"
#include "ops/gemm/thread_pool.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::size_t block_count(const Parameter& parameter) { return (parameter.size() + kBlockSize - 1) / kBlockSize; }

enum class Kind { Values, Gradients };

/// Calls visit(k, data, size) for block number k of the values or gradients, unless it is frozen.
void for_each_block(std::span<Parameter* const> parameters, Kind kind,
                    FunctionRef<void(std::size_t, Real*, std::size_t)> visit, ThreadPool* pool) {
  std::size_t first = 0;
  for (Parameter* parameter : parameters) {
    const Array array = kind == Kind::Gradients ? parameter->grad() : parameter->value();
    run_parallel(pool, parameter->frozen ? 0 : static_cast<int>(block_count(*parameter)), [&](int block) {
      const std::size_t begin = block * kBlockSize;
      visit(first + block, array.data + begin, std::min(kBlockSize, array.size() - begin));
    });
    first += block_count(*parameter);
  }
}

double norm(std::span<Parameter* const> parameters, Kind kind, ThreadPool* pool, std::span<double> each) {
  std::size_t blocks = 0;
  for (const Parameter* parameter : parameters) blocks += block_count(*parameter);
  Scratch scratch;
  const std::span squares(scratch.allocate<double>(blocks), blocks);
  for_each_block(
      parameters, kind, [&](std::size_t k, Real* data, std::size_t n) { squares[k] = kernels::square_sum(data, n); },
      pool);
  return norm_of_blocks(parameters, squares, each);
}

}

std::vector<ParameterBlock> cut_blocks(std::span<Parameter* const> parameters) {
  std::vector<ParameterBlock> blocks;
  for (Parameter* parameter : parameters) {
    for (std::size_t begin = 0; begin < parameter->size(); begin += kBlockSize) {
      blocks.push_back({parameter, begin, std::min(kBlockSize, parameter->size() - begin)});
    }
  }
  return blocks;
}

double norm_of_blocks(std::span<Parameter* const> parameters, std::span<const double> squares, std::span<double> each) {
  if (!each.empty() && each.size() != parameters.size()) {
    fail("norm: room for {} norms of {} parameters; need one each, or none", each.size(), parameters.size());
  }
  double sum = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto own = squares.subspan(first, block_count(*parameters[i]));
    first += own.size();
    if (!parameters[i]->frozen) sum = std::accumulate(own.begin(), own.end(), sum);
    if (!each.empty()) each[i] = parameters[i]->frozen ? 0 : std::sqrt(std::accumulate(own.begin(), own.end(), 0.0));
  }
  return std::sqrt(sum);
}

namespace {

// The rules of the settings, which NaN breaks too.
using detail::require_not_negative;

void require_share(const char* optimizer, const char* option, double value) {
  if (!(value >= 0 && static_cast<Real>(value) < 1)) {
    fail("{}: bad {}: {}; need 0 <= {} < 1, in the precision of the weights", optimizer, option, value, option);
  }
}

template <class Options>
void require_adam_options(const char* optimizer, const Options& options) {
  require_not_negative(optimizer, "learning_rate", options.learning_rate);
  require_share(optimizer, "beta1", options.beta1);
  require_share(optimizer, "beta2", options.beta2);
  require_not_negative(optimizer, "weight_decay", options.weight_decay);
  require_not_negative(optimizer, "epsilon", options.epsilon);
}

}

Optimizer::Optimizer(const ParameterGroups& groups, double learning_rate, const std::vector<std::string>& state_names)
    : learning_rate(learning_rate), state_names_(state_names) {
  for (const ParameterGroup& group : groups) {
    require_not_negative("optimizer", "rate_scale", group.rate_scale);
    require_not_negative("optimizer", "weight_decay", group.weight_decay.value_or(0));
    for (Parameter* parameter : group.parameters) add(*parameter, group);
  }
  if (std::set(parameters_.begin(), parameters_.end()).size() != parameters_.size()) {
    fail("optimizer: a parameter is in the list twice");
  }
}

void Optimizer::add(Parameter& parameter, const ParameterGroup& group) {
  parameters_.push_back(&parameter);
  Real* const state = state_.emplace_back(parameter.size() * state_names_.size()).data();
  for (const auto& [owner, begin, size] : cut_blocks(std::array{&parameter})) {
    Block block{owner, &parameter.value()[begin], &parameter.grad()[begin], {},
                size,  group.rate_scale,          group.weight_decay};
    for (std::size_t i = 0; i < state_names_.size(); ++i) block.state[i] = state + i * parameter.size() + begin;
    blocks_.push_back(block);
  }
}

void Optimizer::step(const StepOptions& options) {
  require_not_negative("optimizer", "learning_rate", learning_rate);  // a schedule may have set it
  if (!std::isfinite(options.grad_scale)) {
    fail("optimizer: bad grad_scale: {}; need a finite number", options.grad_scale);
  }
  ++steps;
  run_parallel(options.pool, static_cast<int>(blocks_.size()), [&](int i) {
    const Block& block = blocks_[i];
    const bool mine = options.share.contains(static_cast<std::size_t>(i));
    if (mine && !block.parameter->frozen) update(block, static_cast<Real>(options.grad_scale));
    if (options.zero_grads) std::fill_n(block.grad, block.size, Real{0});
  });
}

void Optimizer::keep_state_of(BlockRange share) {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (share.contains(i)) continue;
    for (std::size_t name = 0; name < state_names_.size(); ++name) {
      Zeros::give_back(blocks_[i].state[name], blocks_[i].size);
    }
  }
}

std::vector<NamedArray> Optimizer::state() {
  std::vector<NamedArray> result;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    const Parameter& parameter = *parameters_[p];
    for (std::size_t i = 0; i < state_names_.size(); ++i) {
      result.push_back({fmt::format("{}.{}", parameter.name(), state_names_[i]),
                        Array{state_[p].data() + i * parameter.size(), parameter.shape()}});
    }
  }
  return result;
}

SGD::SGD(const ParameterGroups& parameters, const SgdOptions& options)
    : Optimizer(parameters, options.learning_rate,
                options.momentum != 0 ? std::vector<std::string>{"momentum_buffer"} : std::vector<std::string>{}),
      options_(options) {
  require_not_negative("sgd", "learning_rate", options.learning_rate);
  require_share("sgd", "momentum", options.momentum);
  require_not_negative("sgd", "weight_decay", options.weight_decay);
  if (options.nesterov && options.momentum == 0) fail("sgd: Nesterov's momentum needs a momentum other than 0");
}

void SGD::update(const Block& block, Real grad_scale) const {
  const kernels::SgdStep step{grad_scale, block.weight_decay(options_.weight_decay), rate_of(block),
                              static_cast<Real>(options_.momentum)};
  if (options_.momentum == 0) {
    kernels::sgd(step, block.value, block.grad, block.size);
  } else if (options_.nesterov) {
    kernels::sgd_nesterov(step, block.value, block.grad, block.state[0], block.size);
  } else {
    kernels::sgd_momentum(step, block.value, block.grad, block.state[0], block.size);
  }
}

Adagrad::Adagrad(const ParameterGroups& parameters, const AdagradOptions& options)
    : Optimizer(parameters, options.learning_rate, {"sum"}), options_(options) {
  require_not_negative("adagrad", "learning_rate", options.learning_rate);
  require_not_negative("adagrad", "learning_rate_decay", options.learning_rate_decay);
  require_not_negative("adagrad", "weight_decay", options.weight_decay);
  require_not_negative("adagrad", "epsilon", options.epsilon);
}

void Adagrad::update(const Block& block, Real grad_scale) const {
  const double rate =
      block.rate_scale * learning_rate / (1 + static_cast<double>(steps - 1) * options_.learning_rate_decay);
  const kernels::AdagradStep step{grad_scale, block.weight_decay(options_.weight_decay), static_cast<Real>(rate),
                                  static_cast<Real>(options_.epsilon)};
  kernels::adagrad(step, block.value, block.grad, block.state[0], block.size);
}

RMSprop::RMSprop(const ParameterGroups& parameters, const RmspropOptions& options)
    : Optimizer(parameters, options.learning_rate, {"square_avg", "momentum_buffer", "grad_avg"}), options_(options) {
  require_not_negative("rmsprop", "learning_rate", options.learning_rate);
  require_share("rmsprop", "alpha", options.alpha);
  require_not_negative("rmsprop", "epsilon", options.epsilon);
  require_not_negative("rmsprop", "weight_decay", options.weight_decay);
  require_share("rmsprop", "momentum", options.momentum);
}

void RMSprop::update(const Block& block, Real grad_scale) const {
  const kernels::RmspropStep step{grad_scale,
                                  block.weight_decay(options_.weight_decay),
                                  rate_of(block),
                                  static_cast<Real>(options_.alpha),
                                  static_cast<Real>(options_.epsilon),
                                  static_cast<Real>(options_.momentum),
                                  Real(options_.centered)};
  const auto [square, momentum, mean] = block.state;
  kernels::rmsprop(step, block.value, block.grad, square, momentum, mean, block.size);
}

Adadelta::Adadelta(const ParameterGroups& parameters, const AdadeltaOptions& options)
    : Optimizer(parameters, options.learning_rate, {"square_avg", "acc_delta"}), options_(options) {
  require_not_negative("adadelta", "learning_rate", options.learning_rate);
  require_share("adadelta", "rho", options.rho);
  require_not_negative("adadelta", "weight_decay", options.weight_decay);
  require_not_negative("adadelta", "epsilon", options.epsilon);
}

void Adadelta::update(const Block& block, Real grad_scale) const {
  const kernels::AdadeltaStep step{grad_scale, block.weight_decay(options_.weight_decay), rate_of(block),
                                   static_cast<Real>(options_.rho), static_cast<Real>(options_.epsilon)};
  kernels::adadelta(step, block.value, block.grad, block.state[0], block.state[1], block.size);
}

namespace {
/// Everything but the weight decay, which is where Adam and AdamW differ.
template <class Options>
kernels::AdamStep adam_step(const Options& options, double learning_rate, std::int64_t steps, Real grad_scale) {
  const auto t = static_cast<double>(steps);
  kernels::AdamStep step{};
  step.grad_scale = grad_scale;
  step.beta1 = static_cast<Real>(options.beta1);
  step.beta2 = static_cast<Real>(options.beta2);
  step.epsilon = static_cast<Real>(options.epsilon);
  step.step_size = static_cast<Real>(learning_rate / (1 - std::pow(options.beta1, t)));
  step.inverse_root = static_cast<Real>(1 / std::sqrt(1 - std::pow(options.beta2, t)));
  step.value_scale = 1;
  return step;
}
}

Adam::Adam(const ParameterGroups& parameters, const AdamOptions& options)
    : Optimizer(parameters, options.learning_rate, {"exp_avg", "exp_avg_sq"}), options_(options) {
  require_adam_options("adam", options);
}

void Adam::update(const Block& block, Real grad_scale) const {
  kernels::AdamStep step = adam_step(options_, block.rate_scale * learning_rate, steps, grad_scale);
  step.weight_decay = block.weight_decay(options_.weight_decay);
  kernels::adam(step, block.value, block.grad, block.state[0], block.state[1], block.size);
}

AdamW::AdamW(const ParameterGroups& parameters, const AdamWOptions& options)
    : Optimizer(parameters, options.learning_rate, {"exp_avg", "exp_avg_sq"}), options_(options) {
  require_adam_options("adamw", options);
}

void AdamW::update(const Block& block, Real grad_scale) const {
  const double rate = block.rate_scale * learning_rate;
  kernels::AdamStep step = adam_step(options_, rate, steps, grad_scale);
  step.value_scale = static_cast<Real>(1 - rate * block.own_weight_decay.value_or(options_.weight_decay));
  kernels::adam(step, block.value, block.grad, block.state[0], block.state[1], block.size);
}

double grad_norm(std::span<Parameter* const> parameters, ThreadPool* pool, std::span<double> each) {
  return norm(parameters, Kind::Gradients, pool, each);
}

double value_norm(std::span<Parameter* const> parameters, ThreadPool* pool, std::span<double> each) {
  return norm(parameters, Kind::Values, pool, each);
}

double clip_factor(double norm, double max_norm) {
  if (!(max_norm >= 0)) fail("clip: bad max_norm: {}; need 0 or more", max_norm);
  return std::min(1.0, max_norm / (norm + 1e-6));
}

double clip_grad_norm(std::span<Parameter* const> parameters, double max_norm, ThreadPool* pool) {
  const double norm = grad_norm(parameters, pool);
  const auto factor = static_cast<Real>(clip_factor(norm, max_norm));
  if (factor == 1) return norm;
  for_each_block(
      parameters, Kind::Gradients,
      [=](std::size_t, Real* grad, std::size_t n) { kernels::scale(factor, grad, grad, n); }, pool);
  return norm;
}

}
