/// Lesson 8: one step of a decoder with attention.
///
/// A translator has read "the black cat" and has written "le". Its next word is about to be chosen: French puts the
/// noun first, so the decoder must look past "black" to "cat". This is the step of Luong et al. (2015, section 3), with
/// sizes so small that every number can be followed, and with weights that were set by hand to make a point instead of
/// being trained:
///
///     scores_j  = sᵀ h_j                      how well does word j fit what the decoder looks for
///     weights   = softmax(scores)             as shares of one
///     context   = Σ_j weights_j h_j           the mixture of words that it reads
///     s~        = tanh(W_c [context; s])      both together (eq. 5)
///     p(word)   = softmax(W_o s~)             the choice (eq. 6)
///
/// Letters in shapes: S source positions, H hidden size, V words of the target language.

#include <cmath>

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/names.h"
#include "autograd/tape.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

using namespace gradus;

int main() {
  constexpr int S = 4, H = 3, V = 3;
  const char* const source[S] = {"the", "black", "cat", "(pad)"};
  const char* const target[V] = {"le", "chat", "noir"};
  Tape tape;

  fmt::print("1. What the encoder has made of each source word: its states h\n\n");
  // The three numbers happen to mean: is it an article, an adjective, a noun? A state also knows a little about its
  // neighbours. The batch has a longer sentence, so this one is padded; its last row is not a word, whatever it holds.
  Tensor states = named("states", variable({S, H}, {2.0, 0.2, 0.1,  //
                                                    0.3, 2.0, 0.4,  //
                                                    0.1, 0.5, 2.0,  //
                                                    9.0, 9.0, 9.0}));
  const std::vector<int> lengths{3};
  print("states", states);

  fmt::print("\n2. What the decoder looks for after \"le\": its state s\n\n");
  // A noun, and certainly no second article.
  Tensor query = named("query", variable({1, H}, {-0.5, 0.5, 1.5}));
  print("query", query);

  fmt::print("\n3. Scores: the inner product of s with each h_j\n\n");
  Tensor scores = named("scores", matmul(query, transpose(states)));  // (1, H) @ (H, S) -> (1, S)
  print("scores", scores);

  fmt::print("\n4. Weights: softmax over the words of the sentence; padding gets exactly nothing\n\n");
  Tensor weights = named("weights", softmax(scores, lengths));  // (1, S)
  print("weights", weights);
  for (int j = 0; j < S; ++j) {
    const int width = static_cast<int>(std::lround(40 * weights.value()[j]));
    fmt::print("  {:>6} |{:#<{}}\n", source[j], "", width);
  }

  fmt::print("\n5. Context: the weighted sum of the states, mostly that of \"cat\"\n\n");
  Tensor context = named("context", matmul(weights, states));  // (1, S) @ (S, H) -> (1, H)
  print("context", context);

  fmt::print("\n6. Concatenation and projection: the attentional vector tanh(W_c [context; s])\n\n");
  Tensor both = concat({context, query}, 1);  // (1, 2H)
  print("[c; s]", both);
  // W_c adds the context to half of what was looked for.
  Tensor w_c = variable({H, 2 * H}, {1, 0, 0, 0.5, 0, 0,  //
                                     0, 1, 0, 0, 0.5, 0,  //
                                     0, 0, 1, 0, 0, 0.5});
  Tensor attentional = named("s~", tanh(linear(both, w_c)));  // (1, H)
  print("s~", attentional);

  fmt::print("\n7. The choice: one logit for each target word, and their softmax\n\n");
  Tensor w_o = variable({V, H}, {3, 0, 0,  // "le" is an article
                                 0, 0, 3,  // "chat" is a noun
                                 0, 3, 0});
  Tensor logits = named("logits", linear(attentional, w_o));  // (1, V)
  print("logits", logits);
  Tensor probabilities = softmax(logits);
  print("p", probabilities);
  fmt::print("The next word is \"{}\".\n", target[argmax(probabilities)[0]]);

  fmt::print("\n8. Backward: had the right word been \"noir\", what would the encoder learn?\n\n");
  // In training the loss is -log p(right word). Its gradient reaches each source word through two doors: the value it
  // contributed to the context, and the score that decided how much. Minus the gradient is the direction of learning.
  const std::vector<int> right{2};
  Tensor loss = named("loss", cross_entropy(logits, right));
  write_player(loss, "attention.html", {.title = "One step of a decoder with attention"});  // runs backward
  print("dlogits", logits.grad());
  print("dweights", weights.grad());
  print("dscores", scores.grad());
  print("dstates", states.grad());
  fmt::print("The score of \"black\" has a negative gradient: it would grow, and attention would move to \"black\".\n");
  fmt::print("Padding teaches nothing: softmax passes no gradient on to its score, and its state gets none either.\n");
  fmt::print("\nattention.html is written: open it in a browser, and step through all of this.\n");
}
