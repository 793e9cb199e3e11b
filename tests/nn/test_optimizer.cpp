#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include "nn/optim/optimizer.h"
#include "nn/optim/schedule.h"
#include "nn/optim/weight_average.h"
#include "ops/gemm/thread_pool.h"

using namespace gradus;

namespace {

/// Two parameters, the first longer than one block of parallel work.
struct Model : Module {
  Parameter a{this, "a", {100, 200}, init::uniform(-1, 1)};
  Parameter b{this, "b", {3}, init::uniform(-1, 1)};
};

/// The gradients of step t: numbers of both signs and several orders of magnitude.
void set_gradients(Module& model, int t) {
  Rng rng(100 + t);
  for (Parameter* parameter : model.parameters()) {
    for (Real& g : parameter->grad()) g = static_cast<Real>(std::pow(10, rng.uniform(-3, 1)) * (rng.below(2) ? 1 : -1));
  }
}

std::vector<double> values(Module& model) {
  std::vector<double> result;
  for (const Parameter* parameter : model.parameters()) {
    result.insert(result.end(), parameter->value().begin(), parameter->value().end());
  }
  return result;
}

/// One number's update: changes the value and its state (all zeros at first), in double.
using Formula = std::function<void(double& value, double g, double (&state)[2], int t)>;

struct Case {
  const char* name;
  std::function<std::unique_ptr<Optimizer>(const std::vector<Parameter*>&)> make;
  Formula formula;
};

template <class Kind, class Options>
auto maker(Options options) {
  return [=](const std::vector<Parameter*>& parameters) { return std::make_unique<Kind>(parameters, options); };
}

/// The formulas of the documentation of torch.optim.
std::vector<Case> cases() {
  const auto adam = [](double decay, double decoupled) {
    return [=](double& p, double g, double(&s)[2], int t) {
      p *= 1 - 0.01 * decoupled;
      g += decay * p;
      s[0] = 0.8 * s[0] + 0.2 * g;
      s[1] = 0.9 * s[1] + 0.1 * g * g;
      const double m = s[0] / (1 - std::pow(0.8, t)), v = s[1] / (1 - std::pow(0.9, t));
      p -= 0.01 * m / (std::sqrt(v) + 1e-8);
    };
  };
  return {
      {"sgd", maker<SGD>(SgdOptions{.learning_rate = 0.1, .weight_decay = 0.2}),
       [](double& p, double g, double(&)[2], int) { p -= 0.1 * (g + 0.2 * p); }},
      {"momentum", maker<SGD>(SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.2}),
       [](double& p, double g, double(&s)[2], int) {
         s[0] = 0.9 * s[0] + g + 0.2 * p;
         p -= 0.1 * s[0];
       }},
      {"nesterov", maker<SGD>(SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}),
       [](double& p, double g, double(&s)[2], int) {
         s[0] = 0.9 * s[0] + g;
         p -= 0.1 * (g + 0.9 * s[0]);
       }},
      {"adagrad", maker<Adagrad>(AdagradOptions{.learning_rate = 0.1, .learning_rate_decay = 0.5, .weight_decay = 0.2}),
       [](double& p, double g, double(&s)[2], int t) {
         g += 0.2 * p;
         s[0] += g * g;
         p -= 0.1 / (1 + (t - 1) * 0.5) * g / (std::sqrt(s[0]) + 1e-10);
       }},
      {"adadelta", maker<Adadelta>(AdadeltaOptions{.learning_rate = 0.5, .rho = 0.8, .weight_decay = 0.2}),
       [](double& p, double g, double(&s)[2], int) {
         g += 0.2 * p;
         s[0] = 0.8 * s[0] + 0.2 * g * g;
         const double d = std::sqrt(s[1] + 1e-6) / std::sqrt(s[0] + 1e-6) * g;
         s[1] = 0.8 * s[1] + 0.2 * d * d;
         p -= 0.5 * d;
       }},
      {"adam", maker<Adam>(AdamOptions{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.9, .weight_decay = 0.3}),
       adam(0.3, 0)},
      {"adamw", maker<AdamW>(AdamWOptions{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.9, .weight_decay = 0.3}),
       adam(0, 0.3)},
  };
}

constexpr double kTolerance = sizeof(Real) == sizeof(float) ? 1e-5 : 1e-13;

double worst_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

}

TEST_CASE("optimizer: five steps by PyTorch's formulas, with scaled gradients") {
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    Model model;
    std::vector<double> expected = values(model);
    std::vector<std::array<double, 2>> state(expected.size());
    const auto optimizer = c.make(model.parameters());
    for (int t = 1; t <= 5; ++t) {
      set_gradients(model, t);
      std::size_t i = 0;
      for (const Parameter* parameter : model.parameters()) {
        for (const Real g : parameter->grad()) {
          double s[2] = {state[i][0], state[i][1]};
          c.formula(expected[i], 0.5 * g, s, t);
          state[i++] = {s[0], s[1]};
        }
      }
      optimizer->step({.grad_scale = 0.5});
      CHECK(worst_difference(values(model), expected) < kTolerance);
    }
    CHECK(optimizer->steps == 5);
  }
}

TEST_CASE("optimizer: Adam's first step with the defaults is one learning rate, whatever the gradient") {
  Model model;
  Adam adam(model.parameters());
  const std::vector<double> before = values(model);
  set_gradients(model, 1);
  adam.step();
  const std::vector<double> after = values(model);
  for (std::size_t i = 0; i < after.size(); ++i) {
    REQUIRE(std::abs(after[i] - before[i]) == doctest::Approx(1e-3).epsilon(1e-3));
  }
}

TEST_CASE("optimizer: the same bits with and without a pool") {
  ThreadPool pool(3);
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    Model one, many;
    const auto alone = c.make(one.parameters()), shared = c.make(many.parameters());
    for (int t = 1; t <= 3; ++t) {
      set_gradients(one, t);
      set_gradients(many, t);
      alone->step();
      shared->step({.pool = &pool});
    }
    CHECK(values(one) == values(many));
  }
}

TEST_CASE("optimizer: frozen parameters stay; gradients are zeroed on request") {
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    Model model;
    model.b.frozen = true;
    const auto optimizer = c.make(model.parameters());
    const std::vector<double> before = values(model);
    set_gradients(model, 1);
    optimizer->step();
    CHECK(model.a.grad()[0] != 0);
    CHECK(model.a.value()[0] != before[0]);
    CHECK(std::equal(model.b.value().begin(), model.b.value().end(), before.end() - 3));
    optimizer->step({.zero_grads = true});
    for (const Parameter* parameter : model.parameters()) {
      CHECK(std::all_of(parameter->grad().begin(), parameter->grad().end(), [](Real g) { return g == 0; }));
    }
  }
}

TEST_CASE("optimizer: saved and restored state goes on as if nothing had happened") {
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    Model first, second;
    const auto original = c.make(first.parameters()), restored = c.make(second.parameters());
    set_gradients(first, 1);
    original->step();

    const auto copy = [](const std::vector<NamedArray>& from, const std::vector<NamedArray>& to) {
      REQUIRE(from.size() == to.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        CHECK(from[i].name == to[i].name);
        std::copy(from[i].array.begin(), from[i].array.end(), to[i].array.begin());
      }
    };
    copy(state_dict(first), state_dict(second));
    copy(original->state(), restored->state());
    restored->steps = original->steps;
    for (int t = 2; t <= 3; ++t) {
      set_gradients(first, t);
      set_gradients(second, t);
      original->step();
      restored->step();
    }
    CHECK(values(first) == values(second));
  }
}

TEST_CASE("optimizer: state is named after parameter and PyTorch's buffer") {
  Model model;
  Adam adam(model.parameters());
  const auto state = adam.state();
  REQUIRE(state.size() == 4);
  CHECK(state[0].name == "a.exp_avg");
  CHECK(state[1].name == "a.exp_avg_sq");
  CHECK(state[2].name == "b.exp_avg");
  CHECK(state[0].array.shape == Shape{100, 200});
  CHECK(SGD(model.parameters()).state().empty());
}

TEST_CASE("optimizer: what makes no sense is refused") {
  Model model;
  CHECK_THROWS_AS(SGD({&model.a, &model.a}), Error);
  CHECK_THROWS_AS(SGD(model.parameters(), {.nesterov = true}), Error);
}

TEST_CASE("gradient norm: by hand, without frozen parameters, and with the same bits for any number of threads") {
  struct Small : Module {
    Parameter a{this, "a", {2}}, b{this, "b", {1}}, c{this, "c", {1}};
  };
  Small small;
  small.a.grad()[0] = 2;
  small.a.grad()[1] = -3;
  small.b.grad()[0] = 6;
  small.c.grad()[0] = 100;
  small.c.frozen = true;
  CHECK(grad_norm(small.parameters()) == doctest::Approx(7));
  std::vector<double> each(3, -1);
  CHECK(grad_norm(small.parameters(), nullptr, each) == grad_norm(small.parameters()));
  CHECK(each == std::vector{std::sqrt(13.0), 6.0, 0.0});
  small.a.value()[1] = -4;
  CHECK(value_norm(small.parameters(), nullptr, each) == 4);
  CHECK(each == std::vector{4.0, 0.0, 0.0});
  std::vector<double> two(2);
  CHECK_THROWS_WITH_AS(grad_norm(small.parameters(), nullptr, two),
                       "norm: room for 2 norms of 3 parameters; need one each, or none", Error);

  Model model;
  set_gradients(model, 1);
  const double norm = grad_norm(model.parameters());
  double square = 0;
  for (const Parameter* parameter : model.parameters()) {
    for (const Real g : parameter->grad()) square += static_cast<double>(g) * g;
  }
  CHECK(norm == doctest::Approx(std::sqrt(square)).epsilon(1e-12));
  std::vector<double> alone(model.parameters().size());
  grad_norm(model.parameters(), nullptr, alone);
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    std::vector<double> each(alone.size());
    CHECK(grad_norm(model.parameters(), &pool) == norm);
    CHECK(grad_norm(model.parameters(), &pool, each) == norm);
    CHECK(each == alone);
  }
}

TEST_CASE("gradient clipping: to the norm asked for, and not when it is smaller") {
  Model model;
  set_gradients(model, 1);
  const double norm = grad_norm(model.parameters());
  const Real first = model.a.grad()[0];
  CHECK(clip_grad_norm(model.parameters(), 2 * norm) == norm);
  CHECK(model.a.grad()[0] == first);
  CHECK(clip_grad_norm(model.parameters(), 1) == norm);
  CHECK(grad_norm(model.parameters()) == doctest::Approx(1).epsilon(1e-5));
  CHECK(model.a.grad()[0] == doctest::Approx(first / norm).epsilon(1e-5));
  CHECK(clip_factor(0, 1) == 1);
  CHECK(clip_factor(4, 1) == doctest::Approx(0.25).epsilon(1e-6));
}

TEST_CASE("schedule: step decay and exponential") {
  CHECK(schedule::step_decay(8, 0, 10, 0.5) == 8);
  CHECK(schedule::step_decay(8, 9, 10, 0.5) == 8);
  CHECK(schedule::step_decay(8, 10, 10, 0.5) == 4);
  CHECK(schedule::step_decay(8, 39, 10, 0.5) == 1);
  CHECK(schedule::exponential(2, 3, 0.1) == doctest::Approx(0.002));
}

TEST_CASE("schedule: cosine and inverse square root, with warm-up") {
  for (const auto& rate : {std::function([](int t) { return schedule::cosine(6, t, 2, 10, 1); }),
                           std::function([](int t) { return schedule::inverse_sqrt(6, t, 2); })}) {
    CHECK(rate(0) == doctest::Approx(2));
    CHECK(rate(1) == doctest::Approx(4));
    CHECK(rate(2) == doctest::Approx(6));
    CHECK(rate(3) < 6);
  }
  CHECK(schedule::cosine(6, 6, 2, 10, 1) == doctest::Approx(3.5));
  CHECK(schedule::cosine(6, 10, 2, 10, 1) == 1);
  CHECK(schedule::cosine(6, 999, 2, 10, 1) == 1);
  CHECK(schedule::cosine(6, 0, 0, 10) == 6);
  CHECK(schedule::inverse_sqrt(6, 11, 2) == doctest::Approx(3));
  for (const int t : {0, 1, 2, 99}) CHECK(schedule::constant(6, t, 2) == doctest::Approx(std::min(2 * (t + 1), 6)));
}

TEST_CASE("schedule: plateau halves the rate after scores that are no better") {
  schedule::Plateau plateau(8, 2, 0.5, 1.5);
  const std::pair<double, double> steps[] = {{10, 8}, {9, 8},  {11, 8}, {11, 8}, {10, 4},
                                             {10, 4}, {10, 2}, {12, 2}, {0, 2},  {0, 1.5}};
  for (const auto& [score, rate] : steps) CHECK(plateau.update(score) == rate);
}

TEST_CASE("weight average: the formula, swapping, and going on from its state") {
  struct Pair : Module {
    Parameter a{this, "a", {2}, init::constant(1)}, b{this, "b", {1}, init::constant(-1)};
  } model;
  WeightAverage average(model.parameters(), 0.5);
  double a = 1;
  for (int t = 0; t < 8; ++t) {
    model.a.value()[0] = static_cast<Real>(t);
    average.update();
    const double decay = std::min(0.5, (1.0 + t) / (10 + t));
    a = decay * a + (1 - decay) * t;
  }
  CHECK(average.steps == 8);
  average.swap();
  CHECK(model.a.value()[0] == doctest::Approx(a));
  CHECK(model.a.value()[1] == doctest::Approx(1));
  CHECK(model.b.value()[0] == doctest::Approx(-1));
  average.swap();
  CHECK(model.a.value()[0] == 7);

  WeightAverage other(model.parameters(), 0.5);
  const std::vector<NamedArray> from = average.state(), to = other.state();
  REQUIRE(from.size() == 2);
  CHECK(from[0].name == "a.average");
  for (std::size_t i = 0; i < from.size(); ++i) std::ranges::copy(from[i].array, to[i].array.begin());
  other.steps = average.steps;
  ThreadPool pool(3);
  average.update();
  other.update(&pool);
  for (std::size_t i = 0; i < from.size(); ++i) CHECK(std::ranges::equal(from[i].array, to[i].array));
  CHECK_THROWS_WITH_AS(WeightAverage(model.parameters(), 1), "weight average: the decay is 1; need 0 <= decay < 1",
                       Error);
}

TEST_CASE("optimizer: groups have a rate and a weight decay of their own, and otherwise nothing changes") {
  for (const bool grouped : {false, true}) {
    Model model, alone;
    const std::vector<Parameter*> parameters = model.parameters();
    const std::size_t half = parameters.size() / 2;
    const std::vector<Parameter*> first(parameters.begin(), parameters.begin() + half);
    const std::vector<Parameter*> rest(parameters.begin() + half, parameters.end());
    AdamW adamw(grouped
                    ? ParameterGroups{{.parameters = first, .rate_scale = 0.5, .weight_decay = 0}, {.parameters = rest}}
                    : ParameterGroups(parameters),
                {.learning_rate = 0.1, .weight_decay = 0.3});
    AdamW half_rate(alone.parameters(), {.learning_rate = 0.05, .weight_decay = 0});
    AdamW full_rate(alone.parameters(), {.learning_rate = 0.1, .weight_decay = 0.3});
    for (int t = 1; t <= 3; ++t) {
      set_gradients(model, t);
      set_gradients(alone, t);
      adamw.step();
      for (std::size_t i = 0; i < parameters.size(); ++i) alone.parameters()[i]->frozen = i >= half;
      if (grouped) half_rate.step();
      for (std::size_t i = 0; i < parameters.size(); ++i) alone.parameters()[i]->frozen = grouped && i < half;
      full_rate.step();
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      CHECK(std::ranges::equal(parameters[i]->value(), alone.parameters()[i]->value()));
    }
  }
  Model model;
  CHECK_THROWS_WITH_AS(SGD(ParameterGroups{{.parameters = model.parameters(), .rate_scale = -1}}),
                       "optimizer: bad rate_scale: -1; need 0 or more", Error);
  CHECK_THROWS_WITH_AS(SGD(ParameterGroups{{.parameters = model.parameters()}, {.parameters = model.parameters()}}),
                       "optimizer: a parameter is in the list twice", Error);
}
