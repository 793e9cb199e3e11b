/// Lesson 6: an encoder and a decoder.
///
/// How does a net turn one sequence into another, of another length and order? Sutskever et al. (2014) and Cho et al.
/// (2014): an encoder reads all of it into one vector, and a decoder writes from that vector, a word at a time:
///
///     h_j = LSTM(h_{j-1}, x_j)               the encoder; the context is its last state, h_S
///     s_i = LSTM(s_{i-1}, y_{i-1})           the decoder; s_0 = h_S, and y_{i-1} is what was written before
///     p(y_i) = softmax(W s_i + b)
///
/// x_j is the *embedding* of a word: the row of a table that belongs to it, learned like any parameter. An *LSTM*
/// (Hochreiter and Schmidhuber 1997) is a recurrent net, the same function at each step. Its state is two vectors: h,
/// which others read, and the cell c, which it keeps to itself. Three gates, numbers between 0 and 1, say what of the
/// cell stays (f, the forget gate), what comes into it (i), and what of it is shown (o); ∘ multiplies number by number:
///
///     i, f, o = σ(W [x; h] + b), each with a W and a b of its own        g = tanh(W_g [x; h] + b_g)
///     c' = f ∘ c + i ∘ g                                                 h' = o ∘ tanh(c')
///
/// The task is that of letters.h: read `abcd`, write `dcba`; what is a sentence of words elsewhere is a word of letters
/// here. (A real decoder also learns when to end. This one writes as many letters as were read, to keep things short.)
///
/// This program is linked to the double build of the library, so that a training prints the same digits everywhere.

#include "autograd/inspect/player.h"
#include "examples/lessons/letters.h"
#include "nn/layers.h"
#include "nn/recurrent.h"

using namespace gradus;
using namespace gradus::lessons;

namespace {

struct EncoderDecoder : Writer {
  explicit EncoderDecoder(int size)
      : embedding{this, "embedding", kSymbols, 8},
        encoder{this, "encoder", 8, size},
        decoder{this, "decoder", 8, size},
        output{this, "output", size, kSymbols} {}

  void read(const Words& words) override {
    const std::vector<int> lengths(words.count, words.length);
    Tensor x = embedding(words.letters);            // (S · B, 8)
    state = encoder(x, Packing(lengths)).final[0];  // hidden and cell, (B, H) each: all that the decoder will know
  }

  Tensor next(std::span<const int> before) override {
    state = decoder(embedding(before), state);
    return output(state.hidden);
  }

  Embedding embedding;
  LSTM encoder;
  LSTMCell decoder;
  Linear output;
  LstmState state;  // of the decoder, while it writes
};

/// The share of right letters at each place of the answer, of words of one length.
void show_places(Writer& model, int length) {
  Rng rng(7);
  const Words words = random_words(rng, 500, length), written = answer(model, words);
  for (int t = 0; t < length; ++t) {
    int right = 0;
    for (int i = 0; i < words.count; ++i) right += written.at(t)[i] == words.at(length - 1 - t)[i];
    fmt::print(" {:3.0f}", right / 5.0);
  }
}

}

int main() {
  EncoderDecoder model(24);
  fmt::print("1. Training on words of 2 to 10 letters; guessing would have a loss of ln 8 = 2.08\n\n");
  train(model, 1000, 10, 200);

  fmt::print("\n2. What it writes: short words are right, long ones not quite\n\n");
  for (const char* word : {"abc", "head", "defaced", "abcdefghab"})
    fmt::print("{:>10} -> {}\n", word, answer(model, one_word(word)).word(0));

  fmt::print("\n3. Right letters in percent, by the length of the word and the size of the context\n\n");
  // 10 letters are 30 bits. Whatever the length, they must go through one vector of H numbers: the longer the word, the
  // more of it is lost; the larger the vector, the later that begins. Words of 12 letters are longer than any in the
  // training.
  EncoderDecoder small(12), large(48);
  for (EncoderDecoder* other : {&small, &large}) train(*other, 1000, 10);
  fmt::print("length   H = 12   H = 24   H = 48\n");
  for (int length = 2; length <= 12; length += 2) {
    fmt::print("{:6}", length);
    for (EncoderDecoder* other : {&small, &model, &large}) fmt::print("{:9.0f}", 100 * accuracy(*other, length));
    fmt::print("\n");
  }

  fmt::print("\n4. Where they are lost: right letters in percent at each place of words of 12 letters, H = 24\n\n");
  // The first that is written is the last that was read, and the freshest.
  show_places(model, 12);

  EncoderDecoder tiny(3);
  write_player([&] { return loss_of(tiny, one_word("abcdefgh")); }, "encoder_decoder.html",
               {.title = "An encoder reads abcdefgh, a decoder writes hgfedcba"});
  fmt::print("\n\nencoder_decoder.html is written: a step of the training of a tiny one, forward and backward.\n");
}
