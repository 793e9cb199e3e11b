/// Lesson 11: input feeding.
///
/// In lesson 10 what attention found goes into the attentional vector h̃_t, from there to the word, and no further: the
/// next step does not know where this one looked. Luong et al. (2015, section 3.3) hand it on, beside the word:
///
///     h_t = LSTM(h_{t-1}, [y_{t-1}; h̃_{t-1}])
///
/// They give two reasons. The decoder is "fully aware of previous alignment choices", as other systems keep account of
/// the words that are translated already; and the net becomes deep along both axes, since the loss of a step now
/// teaches the attention of all steps before. (Their gain on English to German is 1.3 BLEU.) An LSTM keeps a count of
/// its own of where it is, and hides what input feeding does. So the decoder here has no other memory:
///
///     h_t = tanh(W [y_{t-1}; h̃_{t-1}] + b)       or, without input feeding,       h_t = tanh(W y_{t-1} + b)
///
/// This program is linked to the double build of the library, so that a training prints the same digits everywhere.

#include <cmath>

#include "autograd/inspect/player.h"
#include "autograd/names.h"
#include "examples/lessons/letters.h"
#include "nn/attention_scores.h"
#include "nn/layers.h"
#include "nn/recurrent.h"
#include "ops/elementwise.h"

using namespace gradus;
using namespace gradus::lessons;

namespace {

struct Decoder : Writer {
  Decoder(bool feeds, int size)
      : feeds{feeds},
        embedding{this, "embedding", kSymbols, 8},
        encoder{this, "encoder", 8, size / 2, {.bidirectional = true}},
        hidden{this, "hidden", feeds ? 8 + size : 8, size},
        attention{this, "attention", size, size},
        attentional{this, "attentional", 2 * size, size, false},
        output{this, "output", size, kSymbols} {}

  void read(const Words& words) override {
    const Packing packing(std::vector<int>(words.count, words.length));
    source = attention.prepare(encoder(embedding(words.letters), packing).output, packing);
    vector = full({words.count, encoder.output_size()}, 0);  // h̃_0 = 0
  }

  Tensor next(std::span<const int> before) override {
    Tensor word = embedding(before);
    Tensor h = feeds ? hidden.tanh({word, vector}) : hidden.tanh({word});
    vector = named("h~", attentional.tanh({attention(h, source).context, h}));  // h̃_t = tanh(W_c [c_t; h_t])
    return output(vector);
  }

  bool feeds;
  Embedding embedding;
  LSTM encoder;
  Linear hidden;
  GeneralAttention attention;
  Linear attentional, output;

  KeysValues source;
  Tensor vector;  // h̃ of the last step
};

/// How much the loss of the last letter of a word teaches each of the steps: ‖d loss / d h̃_t‖.
void show_gradients(Decoder& model, const Words& word) {
  Tape tape;
  model.read(word);
  std::vector<Tensor> vectors;
  Tensor logits;
  for (int t = 0; t < word.length; ++t) {
    const int begin[] = {kBegin};
    logits = model.next(t == 0 ? std::span<const int>(begin) : word.at(word.length - t));
    vectors.push_back(model.vector);
  }
  tape.backward(cross_entropy(logits, word.at(0)));
  for (const Tensor& vector : vectors) {
    double sum = 0;
    if (vector.node().grad != nullptr)  // else no gradient has come to it
      for (const Real d : vector.grad()) sum += d * d;
    fmt::print(" {:.3f}", std::sqrt(sum));
  }
  fmt::print("\n");
}

}

int main() {
  Decoder without(false, 24), with(true, 24);
  fmt::print("1. What the last letter of a word of five teaches step 1 to step 5, before any training\n\n");
  fmt::print("without input feeding:");
  show_gradients(without, one_word("abcde"));
  fmt::print("with input feeding:   ");
  show_gradients(with, one_word("abcde"));

  Decoder tiny(true, 2);
  write_player([&] { return loss_of(tiny, one_word("abc")); }, "input_feeding.html",
               {.title = "Three steps of a decoder with input feeding"});
  fmt::print("input_feeding.html is written: backward, a gradient goes from each step to the one before.\n");

  fmt::print("\n2. Training, without input feeding\n\n");
  train(without, 1200, 6, 300, 0.003);
  fmt::print("\n3. Training, with input feeding\n\n");
  train(with, 1200, 6, 300, 0.003);

  fmt::print("\n4. What they write\n\n");
  // Without, the decoder knows which letter it has written, but not which of several that are alike: after `a` it goes
  // on in the same way each time. With it, h̃ carries the state of the place where the decoder looked.
  for (const char* word : {"abcdef", "abacad", "abbbba"}) {
    fmt::print("{:>8}: without {:8}  with {}\n", word, answer(without, one_word(word)).word(0),
               answer(with, one_word(word)).word(0));
  }

  fmt::print("\n5. Right letters in percent, by length\n\nlength  without  with\n");
  for (int length = 2; length <= 6; ++length)
    fmt::print("{:6}{:9.0f}{:6.0f}\n", length, 100 * accuracy(without, length), 100 * accuracy(with, length));
}
