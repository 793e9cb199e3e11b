#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "examples/translate/base/tokenizer_kind.h"
#include "examples/translate/text/language.h"

namespace gradus::translate {

/// Draws subwords for a text that is given as its best ones. Words are those that begin with `▁`, each drawn by
/// itself. A piece that stands for a byte, for </s> or another special word stays as it is.
class SubwordSampler {
 public:
  /// Of TokenizerKind::Bpe, BPE-dropout (Provilkov et al. 2020, algorithm 1): of all merges that a word allows each is
  /// left out with probability `strength`, the best of the others is made, and so on, with other ones left out, until
  /// none is there. 0 gives the best subwords, 1 characters.
  ///
  /// Of TokenizerKind::Unigram, any segmentation x of the word (Kudo 2018, section 3.3, l = ∞), with the probability
  /// P(x)^α / Σ P^α, α = `strength`: sums forward over the word, draws backward. 0 gives all the same probability; the
  /// larger, the more often it is the best one.
  SubwordSampler(const Language& language, TokenizerKind kind, double strength);
  ~SubwordSampler();

  /// Subwords for the same text. The same seed gives the same ones everywhere.
  std::vector<int> draw(std::span<const int> best, std::uint64_t seed) const;

  /// Draws the pieces of a word of these characters, which are pieces themselves.
  class Words;

 private:
  struct Piece {
    std::vector<int> characters;  // the pieces of its characters; none if it stays as it is
    bool begins_word = false;
  };

  std::vector<Piece> pieces_;
  std::unique_ptr<const Words> words_;
};

}
