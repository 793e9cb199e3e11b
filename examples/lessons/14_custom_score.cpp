/// Lesson 14: an attention score of one's own.
///
/// Attention (nn/attention.h) is a score and a scope. A new score is a class with one function, and what it may need of
/// every word beforehand, its keys; scopes, normalisers, coverage, padding and gradients come with it. The example
/// looks near a point: a word's score falls with the square of its distance from the point that the query names, so
/// that the weights of softmax are those of Gaussians of width τ around the words.
///
///     e_j = -‖W q + b - h_j‖² / (2τ²)
///
/// This program is linked to the double build of the library, for the gradchecks.

#include <algorithm>
#include <memory>

#include "autograd/gradcheck.h"
#include "autograd/inspect/print.h"
#include "nn/attention.h"
#include "nn/attention_scopes.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

/// ‖p - h‖² / 2 = ‖p‖²/2 - (pᵀ h - ‖h‖²/2), whose bracket is one product: of [p; -1] and the key [h; ‖h‖²/2].
class DistanceAttention : public Attention {
 public:
  DistanceAttention(Module* parent, std::string name, int query_size, int key_size, Real width)
      : Attention(parent, std::move(name)), point{this, "point", query_size, key_size}, width_(width) {}

  Tensor scores(Tensor query, const KeysValues& source) override {
    Tensor p = point(query);
    Tensor products = dot_scores(concat({p, full({p.dim(0), 1}, -1)}, 1), source.keys, source.rows);
    return (products - sum(square(p), 1, true) / 2) / (width_ * width_);
  }

  Linear point;  ///< W and b: (H, Q), (H)

 protected:
  Tensor keys(Tensor states) override { return concat({states, sum(square(states), -1, true) / 2}, -1); }

 private:
  Real width_;  // τ
};

/// Checks the gradients of the query, the states and all parameters.
void check(const char* name, Attention& attention) {
  const std::vector<int> lengths{4, 2};
  const auto context = [&](Tensor query, Tensor states) {
    return attention(query, attention.prepare(states, lengths)).context;
  };
  const GradcheckResult result = gradcheck(name, {{2, 3}, {2, 4, 2}}, context, attention.parameters());
  fmt::print("{}: {} numbers checked, all right\n", name, result.checked);
}

void attend() {
  // W = 1 and b = 0, so that the query is the point. The last of the five words is padding.
  DistanceAttention attention(nullptr, "distance", 2, 2, 0.7);
  std::ranges::copy(std::vector<Real>{1, 0, 0, 1}, attention.point.weight.value().begin());
  std::ranges::fill(attention.point.bias->value(), 0);
  Tape tape(Tape::Inference);
  Tensor query = constant({1, 2}, {0.4, 0});
  Tensor words = constant({1, 5, 2}, {-2, 0, -1, 0, 0, 0, 1, 0, 0.4, 0});
  const KeysValues source = attention.prepare(words, std::vector<int>{4});

  fmt::print("1. Scores and weights: the query is at 0.4, as is the padding, whose score does not matter\n\n");
  print("scores", attention.scores(query, source));
  print("softmax", attention(query, source).weights);

  fmt::print("\n2. With another normaliser, and with another scope, that know nothing of this score\n\n");
  attention.scope->normalizer = Normalizer::Sparsemax;  // words too far away get exactly nothing
  print("sparsemax", attention(query, source).weights);
  attention.scope = std::make_unique<LocalMonotonic>(1);  // for word 0 of a translation, the words 0 and 1
  print("local-m", attention(query, source).weights);
}

}

int main() {
  attend();
  fmt::print("\n3. The gradients are right, with any of them\n\n");
  DistanceAttention global(nullptr, "global", 3, 2, 0.7);
  check("global, softmax", global);
  global.scope->normalizer = Normalizer::Sparsemax;
  check("global, sparsemax", global);
  DistanceAttention local(nullptr, "local", 3, 2, 0.7);
  local.scope = std::make_unique<LocalPredictive>(&local, 3, 2);
  local.scope->normalizer = Normalizer::Sparsemax;
  check("local-p, sparsemax", local);
}
