#pragma once

#include <optional>
#include <span>
#include <vector>

#include "examples/translate/search/search_options.h"
#include "examples/translate/search/step_decoder.h"
#include "nn/recurrent.h"

namespace gradus::translate {

/// Greedy search of a translation while its source still comes. A word is decided as soon as the attention, which has
/// to be simultaneous, has read what it wants to (`StepOutput::delay`), and stays; all together are those of a beam
/// search of one. Of the options, only those of lengths in words, of repetitions and of unknown words count.
class LiveSearch {
 public:
  /// The model must be in evaluation mode. Throws for one that has to see the whole source.
  LiveSearch(Seq2Seq& model, const SearchOptions& options);

  /// Reads more words of the source, of which </s> is the last. Returns those that are decided by that, without </s>.
  /// Throws Interrupted instead if somebody interrupted the work (base/interrupt.h).
  std::vector<int> read(std::span<const int> ids);
  /// Whether the translation has come to its end, whatever may still be read.
  bool ended() const { return ended_; }

 private:
  /// Rows of numbers that become more.
  struct Rows {
    void append(Tensor x);
    Tensor all() const;

    int width = 0;
    std::vector<Real> numbers;
  };

  void encode(std::span<const int> ids);
  KeysValues source() const;
  std::optional<int> next_word();

  Seq2Seq& model_;
  SearchOptions options_;
  DetachedStates<LstmState> encoder_;
  Rows keys_, values_;
  int heads_ = 1, length_ = 0;  // of what was read
  bool source_ended_ = false, ended_ = false;
  SavedState state_;        // before the next word
  std::vector<int> words_;  // that are decided
};

}
