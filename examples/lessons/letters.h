#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nn/module.h"
#include "nn/optim/optimizer.h"
#include "nn/rng.h"
#include "ops/cross_entropy.h"
#include "ops/layout.h"
#include "ops/reduce.h"

/// The task of lessons 6 and 9 to 11: to write a word's letters in reverse. It is translation in small: a sequence is
/// read to its end, then another is written, letter by letter, and the first that is written was the last that was
/// read.
///
/// In shapes: B words side by side, S letters in each, V = 9 symbols.

namespace gradus::lessons {

constexpr int kLetters = 8, kBegin = 8, kSymbols = 9;  // a to h, and what stands before the first letter written

/// Words of one length. Letter t of all of them is at [t · B, (t + 1) · B): time by time, as a Packing has it.
struct Words {
  int count = 0, length = 0;
  std::vector<int> letters;

  std::span<const int> at(int t) const { return {letters.data() + t * count, static_cast<std::size_t>(count)}; }
  std::string word(int i) const {
    std::string text;
    for (int t = 0; t < length; ++t) text += at(t)[i] < kLetters ? static_cast<char>('a' + at(t)[i]) : '?';
    return text;
  }
};

inline Words random_words(Rng& rng, int count, int length) {
  Words words{count, length, {}};
  for (int i = 0; i < count * length; ++i) words.letters.push_back(static_cast<int>(rng.below(kLetters)));
  return words;
}

/// The word as a batch of one.
inline Words one_word(const std::string& text) {
  Words word{1, static_cast<int>(text.size()), {}};
  for (const char c : text) word.letters.push_back(c - 'a');
  return word;
}

/// A model that reads words, then says letter by letter what comes next.
struct Writer : Module {
  /// Encodes; what is needed to begin writing is kept for `next`.
  virtual void read(const Words& words) = 0;
  /// The logits of the next letter, after `before` was written.   before: (B) -> (B, V)
  virtual Tensor next(std::span<const int> before) = 0;
};

/// Teacher forcing: at each step the model is told the right letter before, whatever it would have written itself. The
/// loss is the mean over all letters of -log p(right letter).
inline Tensor loss_of(Writer& model, const Words& words) {
  model.read(words);
  const std::vector<int> begin(words.count, kBegin);
  std::vector<Tensor> logits;  // of each step
  std::vector<int> targets;
  for (int t = 0; t < words.length; ++t) {
    logits.push_back(model.next(t == 0 ? std::span<const int>(begin) : words.at(words.length - t)));
    const std::span<const int> right = words.at(words.length - 1 - t);
    targets.insert(targets.end(), right.begin(), right.end());
  }
  return cross_entropy(concat(logits, 0), targets);
}

/// What the model writes by itself: at each step the likeliest letter (greedy search), which it is told at the next
/// one.
inline Words answer(Writer& model, const Words& words) {
  Tape tape(Tape::Inference);
  model.read(words);
  Words written{words.count, words.length, {}};
  std::vector<int> before(words.count, kBegin);
  for (int t = 0; t < words.length; ++t) {
    before = argmax(model.next(before));
    written.letters.insert(written.letters.end(), before.begin(), before.end());
  }
  return written;
}

/// The share of right letters in the answers to 200 random words. Of the short ones many were trained on; of 10 letters
/// there are 8^10, and a training sees a few thousand.
inline double accuracy(Writer& model, int length) {
  Rng rng(1000 + length);
  const Words words = random_words(rng, 200, length), written = answer(model, words);
  int right = 0;
  for (int t = 0; t < length; ++t)
    for (int i = 0; i < words.count; ++i) right += written.at(t)[i] == words.at(length - 1 - t)[i];
  return double(right) / (length * words.count);
}

/// Trains on words of 2 to `longest` letters, 32 at a time; every `report` steps a line is printed, if that is
/// not 0.
inline void train(Writer& model, int steps, int longest, int report = 0, double rate = 0.01) {
  Adam adam(model.parameters());
  Rng rng(1);
  double mean = 0;
  for (int step = 1; step <= steps; ++step) {
    adam.learning_rate = rate * (steps - step + 1) / steps;  // smaller and smaller steps, to come to rest
    Tape tape;
    Tensor loss = loss_of(model, random_words(rng, 32, 2 + static_cast<int>(rng.below(longest - 1))));
    tape.backward(loss);
    adam.step({.grad_scale = clip_factor(grad_norm(model.parameters()), 1), .zero_grads = true});
    mean += loss.item();
    if (report == 0 || step % report != 0) continue;
    fmt::print("step {:4}: loss {:.2f}\n", step, mean / report);
    mean = 0;
  }
}

}
