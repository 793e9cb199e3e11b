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

/// The mean of all shares at a distance (`gradient_flow.h`), over sentences, target words, states, and directions. Each
/// counts alike, however small the loss of its word.
struct FlowPoint {
  int distance;
  double share;
  std::size_t count;  ///< of how many shares
};

struct FlowCurves {
  std::vector<FlowPoint> encoder;  ///< from distance 1 on
  std::vector<FlowPoint> decoder;  ///< from distance 0 on, where it is 1 unless an earlier state gets more
};

/// Distances that fewer than half of the sentences have are left out: a mean of a few long ones would stand for all.
/// Both are empty if no word has shares.
FlowCurves flow_curves(const ModelFlow& model);

/// Four places that a gradient passes on its way back by the recurrence, and the mean norm at each, over all target
/// words of all pairs: the decoder's state where it is largest (the word's own norm), the decoder's first state, and
/// the encoder's states that it read last and first (of both directions together). What is left of the first mean needs
/// no shares: the same words stand in all four.
struct FlowStations {
  static constexpr std::array kNames{"decoder, own state", "decoder, first state", "encoder, last state",
                                     "encoder, first state"};
  std::array<double, 4> norms{};
};

FlowStations flow_stations(const ModelFlow& model);

/// The factor by which the shares change with a step: that of the straight line through their logarithms which fits
/// best, where a distance counts as often as it has shares. 1 if there is one distance alone.
double factor_a_step(const std::vector<FlowPoint>& curve);

/// For each model how its shares change with the distance and, without attention, where on its way the gradient is
/// lost; what the training has done to that, for a model before which stands the trained one that began with its
/// values; then models without attention beside one with it. A gradient vanishes if `factor_a_step` leaves less than
/// 1/20 of it from 1 step to 10, or to as many as there are; it fades below 0.4, and grows above 2.5.
std::vector<std::string> flow_findings(std::span<const ModelFlow> models);

/// Curves and stations of all models as tables for a terminal: a column a model, as many beside each other as fit.
std::string flow_tables(std::span<const ModelFlow> models);

/// A positive number with two digits: `0.35`, `3.1×10⁻⁶`.
std::string norm_text(double norm);

}
