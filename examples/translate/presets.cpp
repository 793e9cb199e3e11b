#include "examples/translate/presets.h"

#include <array>

namespace gradus::translate {

namespace {

constexpr std::array kPresets{
    // Bahdanau's attention over subwords, for 30,000 short sentences.
    Preset{"multi30k", R"({
      "attention": "bahdanau", "tokenizer": "bpe", "joint": true, "vocabulary_size": 8000, "tied_embeddings": "all",
      "dropout": 0.4, "recurrent_dropout": 0.2, "word_dropout": 0.1, "average_decay": 0.999,
      "epochs": 20, "patience": 20, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    // The same over words, in half the time.
    Preset{"multi30k-words", R"({
      "attention": "bahdanau", "dropout": 0.4,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    // Luong's attention over words, for the same.
    Preset{"multi30k-luong", R"({
      "attention": "luong", "dropout": 0.3, "embedding_deviation": 1,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    // No attention, over words, for the same.
    Preset{"multi30k-plain", R"({
      "attention": "none", "dropout": 0.3,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
};

}

std::span<const Preset> presets() { return kPresets; }

}
