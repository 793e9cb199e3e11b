/// Lesson 15: beam search.
///
/// A decoder says how likely each next word is, given those before. The translation should be the likeliest sentence,
///
///     p(y_1 … y_n) = Π_i p(y_i | y_1 … y_{i-1})       log p = Σ_i log p(y_i | …)
///
/// but there are V^n sentences. Greedy search takes the likeliest word at each step, and what it took stays taken. Beam
/// search keeps the k best beginnings: at each step it continues all of them by all words, and keeps the k best of what
/// comes out. Ended sentences leave the beam. With k = 1 it is greedy search.
///
/// The model here is a table made by hand, in which the likeliest first word is not the right one.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace {

/// p(next word | the words before). "." ends a sentence; what is not in the table has probability 0.
const std::map<std::string, std::map<std::string, double>> kModel = {
    {"", {{"a", 0.4}, {"the", 0.32}, {"silence", 0.28}}},
    {" a", {{"dog", 0.4}, {"cat", 0.3}, {"fish", 0.3}}},  // much is possible: each of it is unlikely
    {" the", {{"dog", 0.9}, {"cat", 0.1}}},               // hardly anything but "dog"
    {" a dog", {{"barks", 0.6}, {"sleeps", 0.4}}},
    {" a cat", {{"sleeps", 1}}},
    {" a fish", {{"swims", 1}}},
    {" the dog", {{"barks", 0.7}, {"sleeps", 0.3}}},
    {" the cat", {{"sleeps", 1}}},
};

/// What the model says next; a sentence that is not in the table ends for certain.
std::map<std::string, double> next(const std::string& words) {
  const auto found = kModel.find(words);
  return found == kModel.end() ? std::map<std::string, double>{{".", 1}} : found->second;
}

struct Hypothesis {
  std::string words;
  double log_p = 0;
  int count = 0;  // of its words
};

bool is_better(const Hypothesis& a, const Hypothesis& b) { return a.log_p > b.log_p; }

/// Prints all sentences, a word a line, below the one that they continue.
void print_tree(const std::string& words, double p, int depth) {
  for (const auto& [word, share] : next(words)) {
    if (word == ".") continue;
    const std::string longer = words + " " + word;
    fmt::print("{:{}}{:<{}} {:.2f}  p = {:.3f}\n", "", 4 * depth, word, 20 - 4 * depth, share, p * share);
    print_tree(longer, p * share, depth + 1);
  }
}

/// The ended sentences that a beam of width k finds, the best first.
std::vector<Hypothesis> search(std::size_t k, bool show) {
  std::vector<Hypothesis> beam{{}}, ended;
  for (int step = 1; !beam.empty(); ++step) {
    std::vector<Hypothesis> longer;
    for (const Hypothesis& hypothesis : beam)
      for (const auto& [word, p] : next(hypothesis.words))
        longer.push_back({hypothesis.words + " " + word, hypothesis.log_p + std::log(p), hypothesis.count + 1});
    std::ranges::stable_sort(longer, is_better);
    beam.clear();
    if (show) fmt::print("step {}\n", step);
    for (std::size_t i = 0; i < longer.size(); ++i) {
      const bool kept = i < k, ends = longer[i].words.ends_with(" .");
      if (show) {
        fmt::print("  {} {:<20} p = {:.3f}{}\n", kept ? "*" : " ", longer[i].words, std::exp(longer[i].log_p),
                   kept && ends ? ", ended" : "");
      }
      if (kept) (ends ? ended : beam).push_back(longer[i]);
    }
  }
  std::ranges::stable_sort(ended, is_better);
  return ended;
}

}

int main() {
  fmt::print("1. All that can be said: each word's probability, and that of all words so far\n\n");
  print_tree("", 1, 0);

  fmt::print("\n2. Greedy search\n\n");
  search(1, true);
  fmt::print("It took \"a\", and then had to share what was left of its probability.\n");

  fmt::print("\n3. A beam of 2: * is what it keeps\n\n");
  search(2, true);

  fmt::print("\n4. The best sentence, by the width of the beam\n\n");
  for (const std::size_t k : {1, 2, 3, 100}) {
    const Hypothesis best = search(k, false)[0];
    fmt::print("{:3}: p = {:.3f} {}\n", k, std::exp(best.log_p), best.words);
  }

  fmt::print("\n5. Longer sentences have more factors, each at most 1\n\n");
  // So the likeliest sentence tends to be too short, and a wider beam finds it sooner. What is compared is commonly not
  // log p but log p / n, the mean of the n words, the end included (length normalisation).
  for (const Hypothesis& hypothesis : search(3, false)) {
    fmt::print("log p = {:.2f}, log p / {} = {:.2f} {}\n", hypothesis.log_p, hypothesis.count,
               hypothesis.log_p / hypothesis.count, hypothesis.words);
  }
}
