#include "examples/translate/training/unigram.h"

#include <cmath>

namespace gradus::translate {

double unigram_cross_entropy(const std::vector<Pair>& train, const std::vector<Pair>& valid, std::size_t words) {
  std::vector<double> counts(words, 1);
  double total = static_cast<double>(words);
  for (const Pair& pair : train) {
    for (const int word : pair.target) ++counts[word];
    total += static_cast<double>(pair.target.size());
  }
  double sum = 0, number = 0;
  for (const Pair& pair : valid) {
    for (const int word : pair.target) sum -= std::log(counts[word] / total);
    number += static_cast<double>(pair.target.size());
  }
  return sum / number;
}

}
