#pragma once

#include <vector>

#include "autograd/tape.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/model.h"

/// How much of a word's loss reaches each hidden state that came before it: gradients through time.
///
/// For a pair of S source and T target words, ends of sentence included, let
///     loss_t = -log p(y_t | y_1 … y_{t-1}, x)      h_s the encoder's hidden state after word s      s_t the decoder's
/// What is measured is ‖∂loss_t/∂h_s‖ and ‖∂loss_t/∂s_t'‖, in nats per unit of the state. They are total derivatives:
/// all ways count, those through the recurrence and those through attention, since an `Unfused` scope makes each h_s a
/// tensor of its own, in whose gradient the tape sums up all its uses. Of several layers it is the last one's state,
/// which is what attention sees. An LSTM's cell is not held fixed: what h_s does to later cells counts.
///
/// The distance between a state and a loss is the number of recurrent steps on the way from one to the other that goes
/// by the recurrence alone:
///     (S - s) + t    from →h_s over →h_S, the decoder's first state s₀ and s_1 … s_t
///     (s - 1) + t    from ←h_s over ←h_1, as the backward direction, or `reverse_source`, reads the words
///     t - t'         from s_t' to s_t
/// Attention, and a context that every step reads, are ways around it. They change the gradient at a distance, not the
/// distance, so that one axis serves for models with and without them.
///
/// How small a loss is scales all gradients of its word, and words that come late have other losses than the first. So
/// what is compared over distances are shares: the norm at a state, divided by the word's own norm, which is the
/// largest ‖∂loss_t/∂s_t'‖, as a rule that of the state which the word was predicted from. A share can be more than 1
/// where attention goes around that state. A word whose loss reads no s_t' has no own norm and no shares: the first
/// one, where `Readout::Maxout` reads the state before the step.

namespace gradus::translate {

/// Norms of the gradient of each target word's loss by each of a row of states, which stand in the order of their
/// words.
struct StateNorms {
  int words = 0, states = 0;
  std::vector<double> norms;  ///< (words, states), row-major; none for a direction that the model does not have

  /// Both from 0.
  double at(int word, int state) const { return norms[static_cast<std::size_t>(word) * states + state]; }
  bool empty() const { return norms.empty(); }
};

/// The gradients of one pair.
struct GradientFlow {
  StateNorms forward;     ///< (T, S): ∂loss_t/∂→h_s, or of the only direction there is
  StateNorms backward;    ///< (T, S): ∂loss_t/∂←h_s
  StateNorms decoder;     ///< (T, T): ∂loss_t/∂s_t'
  bool reversed = false;  ///< the only direction reads from the last word to the first

  /// The word's own norm: the largest by a state of the decoder.
  double own_norm(int word) const;
};

/// Recurrent steps between state `s` of S and the loss of word `t`, both from 0, where the encoder reads from the first
/// word on, or `backwards` from the last one.
int encoder_distance(int S, int s, int t, bool backwards);

/// Throws Error, which calls the model `name`, for a model without states that go from step to step.
void require_recurrent(const Seq2Seq& model, const std::string& name);

/// A forward and a backward pass for every 16 target words, over a batch of as many copies of the pair, with dropout
/// off. The model is in evaluation mode afterwards; its parameters and their gradients are as before. Throws as
/// `require_recurrent`.
GradientFlow gradient_flow(Seq2Seq& model, const Pair& pair);

}
