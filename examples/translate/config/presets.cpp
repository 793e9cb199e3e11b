#include "examples/translate/config/presets.h"

#include <array>

namespace gradus::translate {

namespace {

// Those named after it, and the Transformer, are for a text like Multi30k: 30,000 pairs of short sentences.
constexpr std::array kPresets{
    // The first values of all options, whatever the text: what the other presets change.
    Preset{"defaults", "the first value of every option", {}, "{}"},
    Preset{"multi30k", "Bahdanau, subwords: translates best", {{7'112'768, 42, 43.03}}, R"({
      "attention": "bahdanau", "tokenizer": "bpe", "joint": true, "vocabulary_size": 8000, "tied_embeddings": "all",
      "dropout": 0.4, "recurrent_dropout": 0.2, "word_dropout": 0.1, "average_decay": 0.999,
      "epochs": 20, "patience": 20, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    Preset{"multi30k-words", "the same over words, twice as fast", {{10'106'145, 22, 40.36}}, R"({
      "attention": "bahdanau", "dropout": 0.4,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    // More and larger steps besides.
    Preset{"multi30k-small", "half of its sizes, in a few minutes", {{5'364'952, 4, 40.09}}, R"({
      "attention": "bahdanau", "embedding": 256, "hidden": 256, "attention_size": 256, "min_frequency": 3,
      "dropout": 0.2, "batch_size": 32,
      "epochs": 8, "learning_rate": 0.003, "schedule": "cosine", "warm_up": 200})"},
    Preset{"multi30k-luong", "Luong's attention, over words", {{10'170'657, 27, 37.47}}, R"({
      "attention": "luong", "dropout": 0.3, "embedding_deviation": 1,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    Preset{"multi30k-plain", "no attention, to see what that costs", {{8'335'649, 15, 13.69}}, R"({
      "attention": "none", "dropout": 0.3,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    // Bahdanau et al. 2014, RNNsearch: the decoder of section A.2.2, with s₀ = tanh(W_s ←h₁), the GRU of A.1.1 and the
    // maxout readout; the first values of B.1; Adadelta (ρ 0.95, ε 1e-6), 80 sentences a step, the norm of the gradient
    // at most 1, pools of 20 batches sorted by length (B.2). Departures: the sizes, which are the paper's with
    // `--embedding 620 --hidden 1000 --attention-size 1000`; the encoder's directions share the size of the decoder,
    // where theirs have it each; maxout leaves as many numbers as a word vector has (500 there). Words are those that
    // occur twice, not the 30,000 most frequent; pairs are shuffled before every epoch, not once; and the best model is
    // that of the best BLEU.
    Preset{"rnnsearch", "the recipe of Bahdanau et al. 2014", {{9'117'729, 38, 20.47}}, R"({
      "attention": "bahdanau", "cell": "gru-reset-before", "bridge": "backward", "readout": "maxout",
      "initial_values": "bahdanau", "max_length": 50, "dropout": 0, "label_smoothing": 0,
      "optimizer": "adadelta", "learning_rate": 1, "schedule": "constant", "batch_size": 80, "clip": 1,
      "loss_mean": "sentences", "pool_batches": 20, "epochs": 40, "patience": 40})"},
    // Its counterpart without attention, the encoder-decoder of Cho et al. 2014: the last state of a forward encoder
    // is the one vector that every step and the readout see.
    Preset{"rnnenc", "its counterpart without attention", {{9'379'361, 18, 1.58}}, R"({
      "attention": "none", "fixed_context": true, "bidirectional": false, "cell": "gru-reset-before",
      "readout": "maxout", "initial_values": "bahdanau", "max_length": 50, "dropout": 0, "label_smoothing": 0,
      "optimizer": "adadelta", "learning_rate": 1, "schedule": "constant", "batch_size": 80, "clip": 1,
      "loss_mean": "sentences", "pool_batches": 20, "epochs": 40, "patience": 40})"},
    // Luong et al. 2015, section 4.1, with their best scores and scope: stacked LSTMs, the source reversed, the
    // decoder's layers beginning where the encoder's ended, input feeding, the attentional vector read by the output
    // layer as it is (eq. 6); U[-0.1, 0.1], plain gradient descent with rate 1, halved before each epoch from the ninth
    // on, dropout 0.2, the norm of the gradient at most 5. Departures: 32 sentences a step, not 128, for a text of
    // 30,000 pairs has a hundredth of theirs; the sizes, which are the paper's with `--encoder-layers 4
    // --decoder-layers 4 --embedding 1000 --hidden 1000`; words are those that occur twice, not the 50,000 most
    // frequent; the end of sentence is read, and may be attended, like a word; the output layer has a bias; batches are
    // of sentences of similar length; and the best model is that of the best BLEU.
    Preset{"luong", "the recipe of Luong et al. 2015", {{16'019'233, 30, 38.62}}, R"({
      "attention": "luong", "score": "general", "scope": "local-p", "bidirectional": false, "reverse_source": true,
      "encoder_layers": 2, "decoder_layers": 2, "bridge": "copy", "readout": "direct", "initial_values": "luong",
      "max_length": 50, "dropout": 0.2, "label_smoothing": 0,
      "optimizer": "sgd", "learning_rate": 1, "schedule": "halving", "halve_after": 8, "batch_size": 32, "clip": 5,
      "loss_mean": "sentences", "epochs": 12, "patience": 12})"},
    Preset{"transformer", "a small Transformer, over subwords", {{6'010'688, 25, 40.33}}, R"({
      "architecture": "transformer", "tokenizer": "bpe", "joint": true, "vocabulary_size": 8000,
      "tied_embeddings": "all", "embedding": 256, "hidden": 256, "heads": 4, "feed_forward": 512, "encoder_layers": 3,
      "decoder_layers": 3, "embedding_deviation": 1, "dropout": 0.3, "average_decay": 0.999,
      "epochs": 20, "patience": 20, "learning_rate": 0.001, "schedule": "inverse-sqrt", "warm_up": 1000})"},
    // The small Transformer of work on Multi30k (Wu et al. 2021, "Good for misconceived reasons"), as it is trained
    // with fairseq: post-norm, one joint vocabulary of 10,000 merges, 4,096 words a step, rate 0.005 reached after
    // 2,000 steps, no clipping, a patience of ten epochs, and the mean of the last ten. Departures: 10,000 pieces
    // with special ones and bytes; dropout of attention's weights and inside of feed-forward nets, too; words of a
    // step are the target's alone; Adam's second decay is 0.999, not 0.98; and the mean stays only if it translates
    // the validation text better than the best epoch.
    Preset{"transformer-tiny", "the recipe of Wu et al. 2021", {}, R"({
      "architecture": "transformer", "tokenizer": "bpe", "joint": true, "vocabulary_size": 10000,
      "tied_embeddings": "all", "embedding": 128, "hidden": 128, "heads": 4, "feed_forward": 256, "encoder_layers": 4,
      "decoder_layers": 4, "pre_norm": false, "embedding_deviation": 1, "dropout": 0.3, "label_smoothing": 0.1,
      "batch_tokens": 4096, "epochs": 80, "patience": 10, "valid_steps": 1, "learning_rate": 0.005,
      "schedule": "inverse-sqrt", "warm_up": 2000, "clip": 0, "average_last": 10})"},
    // Gehring et al. 2017 in small: model/convolutional.h has the departures; trained as the Transformer.
    Preset{"convolution", "convolutions, over subwords", {}, R"({
      "architecture": "convolution", "tokenizer": "bpe", "joint": true, "vocabulary_size": 8000,
      "tied_embeddings": "all", "embedding": 256, "hidden": 256, "kernel_width": 3, "encoder_layers": 4,
      "decoder_layers": 3, "positions": 100, "dropout": 0.3, "average_decay": 0.999,
      "epochs": 20, "patience": 20, "learning_rate": 0.001, "schedule": "inverse-sqrt", "warm_up": 1000})"},
};

}

std::span<const Preset> presets() { return kPresets; }

const char* const kPresetsMeasuredOn =
    "Multi30k, German to English, 29,000 pairs, BLEU of the test of 2016 with beam 5; two cores with AVX-512. "
    "rnnsearch and rnnenc (here with --epochs 20) are made for a thousand times as much text.";

}
