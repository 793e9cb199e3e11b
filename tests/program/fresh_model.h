#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "examples/translate/translator/translate.h"
#include "tests/program/training_run.h"

namespace gradus::translate {

/// A model of the configuration that nobody has trained, ready to translate.
struct Fresh {
  explicit Fresh(const TrainConfig& config) : prepared(config), model(prepared.translator->model) { model.eval(); }

  bool has(const std::string& name) const { return has_parameter(model, name); }
  Shape shape(const std::string& name) const {
    for (const Parameter* parameter : model.parameters()) {
      if (parameter->name() == name) return parameter->shape();
    }
    return {};
  }
  /// Whether any parameter's name has this in it.
  bool mentions(const std::string& part) const {
    return std::ranges::any_of(model.parameters(), [&](auto* p) { return p->name().find(part) != std::string::npos; });
  }
  double loss(const std::vector<Pair>& pairs) const {
    ThreadPool pool(1);
    return cross_entropy(model, pairs, pool);
  }
  double loss() const { return loss(prepared.corpus.valid); }

  PreparedTraining prepared;
  Seq2Seq& model;
};

/// Gives a model the values that another one has for parameters of the same names.
inline void copy_values(Seq2Seq& from, Seq2Seq& to) {
  for (Parameter* target : to.parameters()) {
    const std::vector<Real> values = values_of(from, target->name());
    std::copy(values.begin(), values.end(), target->value().begin());
  }
}

/// Every part of the model learns: none of its parameters stays as it was.
inline void check_all_learn(TrainConfig config) {
  config.epochs = 1;
  const TrainingRun run(config);
  std::size_t begin = 0;
  for (const Parameter* parameter : run.translator->model.parameters()) {
    CAPTURE(parameter->name());
    const auto end = begin + parameter->size();
    CHECK_FALSE(std::equal(run.first.begin() + begin, run.first.begin() + end, run.last.begin() + begin));
    begin = end;
  }
}

/// What the encoder makes of a sentence.   -> (ids, H)
inline std::vector<Real> encoded(Seq2Seq& model, const std::vector<int>& ids = {7, 12, 4, 30, 9, kEnd}) {
  const Tape tape(Tape::Inference, 3);
  const std::vector<int> lengths = {static_cast<int>(ids.size())};
  const Packing packing(lengths);
  const ConstArray states = model.encoder()(ids, packing, &model.decoder().embedding_weight()).states.value();
  return {states.begin(), states.end()};
}

}
