#pragma once

#include <vector>

#include "examples/translate/model/model.h"

namespace gradus::translate {

/// One step of a decoder that writes a given target: what it computed, as tensors of one row.
struct ReplayStep {
  Tensor embedded = {};     ///< (1, E): y_{t-1}
  StepOutput output = {};   ///< of the step
  Tensor state = {};        ///< (1, H): of the recurrence, after the step
  Tensor attentional = {};  ///< (1, H): h̃_t of Luong, else an empty handle
  Tensor readout = {};      ///< (1, R)
  Tensor logits = {};       ///< (1, Vt)
};

/// A translation computed once more, teacher-forced and step by step as a search does, with all that is on the way. It
/// lives on the tape that was active. In evaluation mode its probabilities and weights are those of the search.
struct Replay {
  Tensor states;      ///< (S, H): of the encoder; of both directions side by side
  KeysValues source;  ///< what attention reads of them
  std::vector<ReplayStep> steps;
};

/// The model needs recurrent states and attention, and the sentences end with </s>.
Replay replay(Seq2Seq& model, const Pair& pair);

/// ‖∂ log p(y_t | y_1 … y_{t-1}, x) / ∂ x_j‖ of every word y_t of the target by the vector x_j of every word of the
/// source: how much a small change of that word would change the probability (Simonyan et al. 2013).
/// -> (T, S) row-major
std::vector<Real> saliency(Seq2Seq& model, const Pair& pair);

}
