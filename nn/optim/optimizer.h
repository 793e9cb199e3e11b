#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nn/module.h"
#include "nn/optim/zeros.h"
#include "nn/state_dict.h"

/// Optimisers, with the formulas and the defaults of PyTorch's. Settings out of their range are errors at construction.
///
///     Adam adam(model.parameters(), {.learning_rate = 1e-3});
///     tape.backward(loss);
///     const double norm = grad_norm(model.parameters());
///     adam.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true});

namespace gradus::inline GRADUS_PRECISION {

class ThreadPool;

/// Blocks of the parameters (nn/optim/blocks.h), from one number to before another.
struct BlockRange {
  std::size_t begin = 0, end = static_cast<std::size_t>(-1);                        ///< all of them, if nothing is said
  bool contains(std::size_t block) const { return begin <= block && block < end; }  ///< whether it is one of them
};

/// What `Optimizer::step` does beside the update.
struct StepOptions {
  double grad_scale = 1;    ///< gradients are multiplied by it before anything else: clipping without a pass of its own
  bool zero_grads = false;  ///< set the gradients to zero in the same pass
  ThreadPool* pool = nullptr;  ///< share the work among these threads; the result is the same to the bit
  BlockRange share = {};  ///< change these blocks only, since others are changed elsewhere (nn/parallel/group_sum.h)
};

/// Parameters that are updated alike.
struct ParameterGroup {
  std::vector<Parameter*> parameters;       ///< in no other group
  double rate_scale = 1;                    ///< what the learning rate is multiplied by; 0 or more
  std::optional<double> weight_decay = {};  ///< in place of that of the options
};

/// All parameters of an optimiser: one list, or groups of them.
///
///     AdamW adamw({{.parameters = weights}, {.parameters = biases, .weight_decay = 0}}, {.weight_decay = 0.1});
struct ParameterGroups : std::vector<ParameterGroup> {
  ParameterGroups(const std::vector<Parameter*>& parameters) : std::vector<ParameterGroup>{{parameters}} {}
  ParameterGroups(std::initializer_list<Parameter*> parameters) : ParameterGroups(std::vector(parameters)) {}
  ParameterGroups(std::initializer_list<ParameterGroup> groups) : std::vector<ParameterGroup>(groups) {}
};

/// Changes parameters by their gradients; a kind is its `update`.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Changes the values by the gradients. Frozen parameters stay as they are.
  void step(const StepOptions& options = {});

  double learning_rate;  ///< may be set before any step
  /// How many steps were made. Part of the state: bias corrections depend on it.
  std::int64_t steps = 0;
  /// Views of all other state, named after the parameter and PyTorch's name for it: `decoder.weight_hh.exp_avg`.
  /// Writing them to a file and reading them back, with `steps`, goes on where the optimiser was.
  std::vector<NamedArray> state();
  /// Gives back the memory of the state of all other blocks than these, which others change (`StepOptions::share`).
  void keep_state_of(BlockRange share);

 protected:
  /// `state_names` is what is kept of every parameter, zeros at first; at most three.
  Optimizer(const ParameterGroups& groups, double learning_rate, const std::vector<std::string>& state_names);

  /// A piece of a parameter, with its gradient and its state.
  struct Block {
    const Parameter* parameter;              ///< whose piece it is
    Real* value;                             ///< (size)
    Real* grad;                              ///< (size)
    std::array<Real*, 3> state;              ///< (size) each, as many as there are names
    std::size_t size;                        ///< how many numbers it has
    double rate_scale;                       ///< of the parameter's group
    std::optional<double> own_weight_decay;  ///< of the group, if it has one

    /// That of the group, or of the options.
    Real weight_decay(double otherwise) const { return static_cast<Real>(own_weight_decay.value_or(otherwise)); }
  };
  /// The learning rate of a piece.
  Real rate_of(const Block& block) const { return static_cast<Real>(block.rate_scale * learning_rate); }
  /// Does the piece's part of step number `steps`, which counts from 1.
  virtual void update(const Block& block, Real grad_scale) const = 0;

 private:
  void add(Parameter& parameter, const ParameterGroup& group);

  std::vector<Parameter*> parameters_;
  std::vector<std::string> state_names_;
  std::vector<Zeros> state_;  // of each parameter: the arrays of all names, one after the other
  std::vector<Block> blocks_;
};

/// Settings of SGD.
struct SgdOptions {
  double learning_rate = 1e-3, momentum = 0;  ///< 0 or more, the momentum below 1
  bool nesterov = false;                      ///< needs a momentum
  double weight_decay = 0;                    ///< added to the gradient, times the value
};
/// Stochastic gradient descent, with momentum (Polyak 1964; Nesterov's in the form of Sutskever et al. 2013).
class SGD : public Optimizer {
 public:
  explicit SGD(const ParameterGroups& parameters, const SgdOptions& options = {});

 private:
  void update(const Block& block, Real grad_scale) const override;
  SgdOptions options_;
};

/// Settings of Adagrad.
struct AdagradOptions {
  double learning_rate = 1e-2, learning_rate_decay = 0, weight_decay = 0, epsilon = 1e-10;  ///< 0 or more
};
/// Duchi, Hazan, Singer 2011.
class Adagrad : public Optimizer {
 public:
  explicit Adagrad(const ParameterGroups& parameters, const AdagradOptions& options = {});

 private:
  void update(const Block& block, Real grad_scale) const override;
  AdagradOptions options_;
};

/// Settings of RMSprop.
struct RmspropOptions {
  /// 0 or more; alpha and momentum below 1.
  double learning_rate = 1e-2, alpha = 0.99, epsilon = 1e-8, weight_decay = 0, momentum = 0;
  bool centered = false;  ///< divide by the standard deviation of the gradient, not by its root mean square
};
/// Tieleman, Hinton 2012, "Lecture 6.5: rmsprop"; centred as in Graves 2013, eq. 38 to 41.
class RMSprop : public Optimizer {
 public:
  explicit RMSprop(const ParameterGroups& parameters, const RmspropOptions& options = {});

 private:
  void update(const Block& block, Real grad_scale) const override;
  RmspropOptions options_;
};

/// Settings of Adadelta.
struct AdadeltaOptions {
  double learning_rate = 1, rho = 0.9, weight_decay = 0, epsilon = 1e-6;  ///< 0 or more, rho below 1
};
/// Zeiler 2012, algorithm 1 (rho 0.95 and epsilon 1e-6 in Bahdanau et al. 2014).
class Adadelta : public Optimizer {
 public:
  explicit Adadelta(const ParameterGroups& parameters, const AdadeltaOptions& options = {});

 private:
  void update(const Block& block, Real grad_scale) const override;
  AdadeltaOptions options_;
};

/// Settings of Adam.
struct AdamOptions {
  /// 0 or more; the betas below 1.
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, weight_decay = 0, epsilon = 1e-8;
};
/// Kingma, Ba 2015, algorithm 1; the weight decay is added to the gradient.
class Adam : public Optimizer {
 public:
  explicit Adam(const ParameterGroups& parameters, const AdamOptions& options = {});

 private:
  void update(const Block& block, Real grad_scale) const override;
  AdamOptions options_;
};

/// Settings of AdamW.
struct AdamWOptions {
  /// 0 or more; the betas below 1.
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, weight_decay = 1e-2, epsilon = 1e-8;
};
/// Adam whose weight decay shrinks the values themselves (Loshchilov, Hutter 2019, algorithm 2).
class AdamW : public Optimizer {
 public:
  explicit AdamW(const ParameterGroups& parameters, const AdamWOptions& options = {});

 private:
  void update(const Block& block, Real grad_scale) const override;
  AdamWOptions options_;
};

/// The Euclidean norm of the gradients of all parameters that are not frozen, as one long vector. The same to the bit
/// for any number of threads. `each`, empty or one number a parameter, gets the norm of each by itself from the same
/// pass; 0 if it is frozen.
double grad_norm(std::span<Parameter* const> parameters, ThreadPool* pool = nullptr, std::span<double> each = {});
/// The same of their values.
double value_norm(std::span<Parameter* const> parameters, ThreadPool* pool = nullptr, std::span<double> each = {});

/// What to multiply gradients of this norm by, so that it becomes at most `max_norm` (Pascanu, Mikolov, Bengio 2013).
/// Throws for a max_norm that is NaN or negative.
double clip_factor(double norm, double max_norm);

/// Multiplies the gradients by `clip_factor` and returns the norm they had.
double clip_grad_norm(std::span<Parameter* const> parameters, double max_norm, ThreadPool* pool = nullptr);

}
