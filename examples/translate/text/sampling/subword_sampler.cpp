#include "examples/translate/text/sampling/subword_sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "examples/translate/text/subwords.h"
#include "examples/translate/text/unicode.h"
#include "nn/rng.h"
#include "ops/kernels/vector_math.h"

namespace gradus::translate {

class SubwordSampler::Words {
 public:
  virtual ~Words() = default;
  /// Adds the pieces of a word that is spelt by `characters`.
  virtual void draw(std::span<const int> characters, Rng& random, std::vector<int>& drawn) const = 0;
};

namespace {

constexpr int kNone = -1;

/// What two numbers lead to, or kNone.
class Table {
 public:
  int& operator()(int a, int b) { return table_.try_emplace(key(a, b), kNone).first->second; }
  int operator()(int a, int b) const {
    const auto found = table_.find(key(a, b));
    return found == table_.end() ? kNone : found->second;
  }

 private:
  static std::uint64_t key(int a, int b) { return std::uint64_t(static_cast<unsigned>(a)) << 32 | unsigned(b); }

  std::unordered_map<std::uint64_t, int> table_;
};

/// The pieces that stand for text, by their text.
using Numbers = std::unordered_map<std::string_view, int>;

/// The numbers of a piece's characters; none if one of them is no piece.
std::vector<int> spell(std::string_view piece, const Numbers& numbers) {
  std::vector<int> characters;
  for (std::string_view rest = piece; !rest.empty();) {
    const std::size_t length = first_code_point(rest).length;
    const auto found = length == 0 ? numbers.end() : numbers.find(rest.substr(0, length));
    if (found == numbers.end()) return {};
    characters.push_back(found->second);
    rest.remove_prefix(length);
  }
  return characters;
}

class BpeDropout : public SubwordSampler::Words {
 public:
  BpeDropout(const Numbers& numbers, std::vector<double> scores, double dropout)
      : scores_(std::move(scores)), dropout_(dropout) {
    for (const auto& [text, number] : numbers) {
      for (std::size_t cut = 1; cut < text.size(); ++cut) {
        const auto left = numbers.find(text.substr(0, cut)), right = numbers.find(text.substr(cut));
        if (left != numbers.end() && right != numbers.end()) merged_(left->second, right->second) = number;
      }
    }
  }

  void draw(std::span<const int> characters, Rng& random, std::vector<int>& drawn) const override {
    std::vector<int> pieces(characters.begin(), characters.end()), merged;  // merged[i]: of pieces i and i + 1
    for (std::size_t i = 1; i < pieces.size(); ++i) merged.push_back(merged_(pieces[i - 1], pieces[i]));
    for (;;) {
      std::size_t best = merged.size();
      for (std::size_t i = 0; i < merged.size(); ++i) {
        if (merged[i] == kNone || random.uniform() < dropout_) continue;
        if (best == merged.size() || scores_[merged[i]] > scores_[merged[best]]) best = i;
      }
      if (best == merged.size()) break;
      pieces[best] = merged[best];
      pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(best) + 1);
      merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(best));
      if (best > 0) merged[best - 1] = merged_(pieces[best - 1], pieces[best]);
      if (best < merged.size()) merged[best] = merged_(pieces[best], pieces[best + 1]);
    }
    drawn.insert(drawn.end(), pieces.begin(), pieces.end());
  }

 private:
  std::vector<double> scores_;
  double dropout_;
  Table merged_;  // two pieces -> the one that they make
};

class UnigramSampling : public SubwordSampler::Words {
 public:
  UnigramSampling(const Numbers& numbers, std::vector<double> scores, double power)
      : scores_(std::move(scores)), power_(power), ends_(1, kNone) {
    for (const auto& [text, number] : numbers) {
      int state = 0;
      for (const int character : spell(text, numbers)) {
        int& next = next_(state, character);
        if (next == kNone) {
          next = static_cast<int>(ends_.size());
          ends_.push_back(kNone);
        }
        state = next;
      }
      if (state != 0) ends_[state] = number;
    }
  }

  void draw(std::span<const int> characters, Rng& random, std::vector<int>& drawn) const override {
    struct Arc {
      std::size_t from;
      int piece;
      double weight;  // log Σ P^α of all that ends with this piece
    };
    const std::size_t length = characters.size();
    std::vector<std::vector<Arc>> arriving(length + 1);
    std::vector<double> total(length + 1, 0);  // log Σ P^α of all up to here
    for (std::size_t begin = 0; begin < length; ++begin) {
      if (begin > 0) {
        const auto [largest, sum] = largest_and_sum(arriving[begin]);
        total[begin] = largest + double(log_approx(static_cast<Real>(sum)));
      }
      int state = 0;
      for (std::size_t end = begin; end < length && (state = next_(state, characters[end])) != kNone; ++end) {
        const int piece = ends_[state];
        if (piece != kNone) arriving[end + 1].push_back({begin, piece, total[begin] + power_ * scores_[piece]});
      }
    }
    std::vector<int> backward;
    for (std::size_t end = length; end > 0;) {
      const std::vector<Arc>& arcs = arriving[end];
      const auto [largest, sum] = largest_and_sum(arcs);
      double left = random.uniform() * sum;
      std::size_t chosen = 0;
      while (chosen + 1 < arcs.size() && (left -= share(arcs[chosen].weight - largest)) >= 0) ++chosen;
      backward.push_back(arcs[chosen].piece);
      end = arcs[chosen].from;
    }
    drawn.insert(drawn.end(), backward.rbegin(), backward.rend());
  }

 private:
  /// exp, with the same bits everywhere.
  static double share(double weight) { return double(exp_approx(static_cast<Real>(weight))); }

  /// The largest weight w, and Σ exp(weight - w).
  static std::pair<double, double> largest_and_sum(const auto& arcs) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const auto& arc : arcs) largest = std::max(largest, arc.weight);
    for (const auto& arc : arcs) sum += share(arc.weight - largest);
    return {largest, sum};
  }

  std::vector<double> scores_;
  double power_;
  Table next_;             // a state and a character -> the state of a text that is one character longer
  std::vector<int> ends_;  // by state: the piece of that text, or kNone
};

}

SubwordSampler::SubwordSampler(const Language& language, TokenizerKind kind, double strength)
    : pieces_(language.vocabulary.size()) {
  std::vector<double> scores = SubwordTokenizer(language.model, "subwords").scores();
  Numbers numbers;
  const int count = static_cast<int>(pieces_.size());
  for (int piece = 0; piece < count; ++piece) {
    if (std::isfinite(scores[piece])) numbers.emplace(language.vocabulary.word(piece), piece);
  }
  for (const auto& [text, number] : numbers)
    pieces_[number] = {.characters = spell(text, numbers), .begins_word = text.starts_with(kWordBegin)};
  if (kind == TokenizerKind::Bpe) {
    words_ = std::make_unique<BpeDropout>(numbers, std::move(scores), strength);
  } else {
    words_ = std::make_unique<UnigramSampling>(numbers, std::move(scores), strength);
  }
}

SubwordSampler::~SubwordSampler() = default;

std::vector<int> SubwordSampler::draw(std::span<const int> best, std::uint64_t seed) const {
  Rng random(seed);
  std::vector<int> drawn, word;
  const auto end_word = [&] {
    if (!word.empty()) words_->draw(word, random, drawn);
    word.clear();
  };
  for (const int number : best) {
    const auto& [characters, begins_word] = pieces_[number];
    if (begins_word || characters.empty()) end_word();
    word.insert(word.end(), characters.begin(), characters.end());
    if (characters.empty()) drawn.push_back(number);
  }
  end_word();
  return drawn;
}

}
