#include "examples/translate/training/unigram.h"

#include <cmath>
#include <vector>

namespace gradus::translate {

double unigram_cross_entropy(Pairs train, Pairs valid, std::size_t words) {
  std::vector<double> counts(words, 1);
  double total = static_cast<double>(words);
  for (std::size_t i = 0; i < train.size(); ++i) {
    for (const int word : train.target(i)) ++counts[word];
    total += static_cast<double>(train.target(i).size());
  }
  double sum = 0, number = 0;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    for (const int word : valid.target(i)) sum -= std::log(counts[word] / total);
    number += static_cast<double>(valid.target(i).size());
  }
  return sum / number;
}

}
