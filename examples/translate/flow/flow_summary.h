#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/flow/gradient_flow.h"

/// What the gradients of many pairs say: curves by distance, and sentences in words.

namespace gradus::translate {

/// A pair as a model sees it, and its gradients.
struct SentenceFlow {
  std::vector<std::string> source, target;  ///< the words, </s> last
  GradientFlow flow;
};

/// The gradients of a model in all pairs, of which there is at least one.
struct ModelFlow {
  std::string name;
  std::string kind;      ///< in a few words: cell, attention, directions
  bool attends = false;  ///< it has attention, which is a way around the recurrence
  bool trained = true;
  std::vector<SentenceFlow> sentences;
};

/// The mean of all norms at a distance (`gradient_flow.h`), over sentences, target words, states, and directions.
struct FlowPoint {
  int distance;
  double norm;
  std::size_t count;  ///< of how many norms
};

struct FlowCurves {
  std::vector<FlowPoint> encoder;  ///< from distance 1 on
  std::vector<FlowPoint> decoder;  ///< from distance 0 on
};

/// Distances that fewer than half of the sentences have are left out: a mean of a few long ones would stand for all.
FlowCurves flow_curves(const ModelFlow& model);

/// Four places that a gradient passes on its way back by the recurrence, and the mean norm at each, over all target
/// words of all pairs: the decoder's state where it is largest (the last one that the word was predicted from, as a
/// rule), the decoder's first state, and the encoder's states that it read last and first (of both directions
/// together).
struct FlowStations {
  static constexpr std::array kNames{"decoder, own state", "decoder, first state", "encoder, last state",
                                     "encoder, first state"};
  std::array<double, 4> norms{};
};

FlowStations flow_stations(const ModelFlow& model);

/// For each model how its gradient changes with the distance and, without attention, where on its way it is lost; what
/// the training has done to that, for a model before which stands the trained one that began with its values; then
/// models without attention beside one with it. A gradient vanishes if 10 steps, or as many as there are, leave less
/// than 1/20 of what it is at 1 step; it fades below 0.4, and grows above 2.5.
std::vector<std::string> flow_findings(std::span<const ModelFlow> models);

/// Curves and stations of all models as tables for a terminal: a column a model.
std::string flow_tables(std::span<const ModelFlow> models);

/// A positive number with two digits: `0.35`, `3.1e-06`.
std::string norm_text(double norm);

}
