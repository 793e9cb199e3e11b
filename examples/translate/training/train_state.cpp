#include "examples/translate/training/train_state.h"

#include "examples/translate/training/number_in.h"

namespace gradus::translate {

namespace {

constexpr Range kCount{0, 1e9};

/// Calls `visit` for every field of a TrainState with its name and the numbers that it may be, in the order of the
/// names.
void for_each_field(auto& state, const auto& visit) {
  visit("baseline", state.baseline, kAnyNumber);
  visit("batch", state.batch, kCount);
  visit("best_bleu", state.best_bleu, Range{-1, 101});
  visit("best_epoch", state.best_epoch, kEpochs);
  visit("best_loss", state.best_loss, kAnyNumber);
  visit("epoch", state.epoch, kEpochs);
  visit("learning_rate", state.learning_rate, Range{0, 100});
  visit("loss_sum", state.loss_sum, kAnyNumber);
  visit("lowest_loss", state.lowest_loss, kAnyNumber);
  visit("plateau_from", state.plateau_from, kSteps);
  visit("seconds", state.seconds, kSeconds);
  visit("step", state.step, kSteps);
  visit("text", state.text, kAnyNumber);
  visit("validated_at", state.validated_at, kSteps);
  visit("without_gain", state.without_gain, kCount);
  visit("words", state.words, kSteps);
}

}

std::string state_text(const TrainState& state) {
  Json json = Json::object({});
  for_each_field(state, [&](const char* name, const auto& value, const Range&) { json.set(name, value); });
  return json.dump();
}

TrainState read_state(std::string_view text) {
  const Json json = Json::parse(text);
  TrainState state;
  for_each_field(state, [&]<class Number>(const char* name, Number& value, const Range& range) {
    if (json.find(name) != nullptr) value = number_in<Number>(json, name, range);
  });
  return state;
}

}
