#pragma once

#include <span>
#include <vector>

#include "autograd/mark.h"
#include "examples/translate/model/model.h"
#include "examples/translate/search/word_scores.h"

namespace gradus::translate {

/// A model of an ensemble, in evaluation mode, with the sentences as its own vocabulary numbers them.
struct Member {
  Seq2Seq* model;
  std::span<const std::vector<int>> sources;  ///< each ends with </s>
};

/// A decoder's state between two steps, kept outside of the tape, which is rewound after every step.
class SavedState {
 public:
  /// Keeps those rows of the state, in this order.
  void save(const DecoderState& state, std::span<const int> rows);
  /// The rows that were kept. `like`: any state of the same decoder that is still on the tape
  DecoderState restore(const DecoderState& like) const;

 private:
  struct Rows {
    int width = 0;  // 0 for an empty handle
    std::vector<Real> numbers;
  };
  std::vector<Rows> tensors_;  // in the order of DecoderState::each
  int position_ = 0;
};

/// The decoders of an ensemble, one step at a time over the open hypotheses of a batch. It has a tape of its own, on
/// which they run; between `keep` and the next `keep` its memory stays.
class StepDecoder {
 public:
  /// Encodes the chosen sources. They are known as 0, 1, … from here on, in this order.
  StepDecoder(std::span<const Member> members, std::span<const int> chosen);

  /// The rows that the next step goes on from, as rows of the last one; of the sentences, before the first step.
  void keep(std::span<const int> rows);

  /// One step for all kept rows: row i belongs to sentence sentences[i], and `words[i]` is its last word. Throws
  /// Interrupted instead if somebody interrupted the work (base/interrupt.h).
  WordScores step(std::span<const int> sentences, std::span<const int> words);

  /// Adds the weights with which a row attended to its sentence in the last step: the mean over the members that have
  /// attention. Their sources must be equally long.   (S) numbers, none if no member has attention
  void append_attention(int row, int sentence, std::vector<Real>& to) const;
  /// Adds how many words of its sentence a row was made from in the last step: all of them, unless every member's
  /// attention is simultaneous, and never fewer than the last one in the list.
  void append_delay(int row, int sentence, std::vector<int>& to) const;

 private:
  struct Part {
    Decoder* decoder;
    EncodedSource source;
    std::span<const int> lengths;  // of the sentences
    DecoderState first;            // before the first step, not rewound
    Decoder::Step last;            // of the last step
    SavedState saved;
  };

  Tape tape_{Tape::Inference};
  std::vector<Part> parts_;
  Mark encoded_;
};

}
