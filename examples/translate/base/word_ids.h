#pragma once

#include <vector>

/// Words as numbers, which is all that a model and its search see of them. A vocabulary (text/vocabulary.h) says which
/// word a number stands for; the first four are the same in every one.

namespace gradus::translate {

inline constexpr int kPad = 0;      ///< `<pad>`, fills the short sentences of a batch
inline constexpr int kUnknown = 1;  ///< `<unk>`, every word that is not in the vocabulary
inline constexpr int kBegin = 2;    ///< `<s>`, the word before the first
inline constexpr int kEnd = 3;      ///< `</s>`, the word after the last

/// A sentence pair as word numbers, each side ending with </s>.
struct Pair {
  std::vector<int> source, target;
};

}
