#include "examples/translate/presets.h"

#include <array>

namespace gradus::translate {

namespace {

constexpr std::array kPresets{
    Preset{"multi30k", "Bahdanau's attention for 30,000 short sentences", R"({
      "attention": "bahdanau", "dropout": 0.4,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    Preset{"multi30k-luong", "Luong's attention for the same", R"({
      "attention": "luong", "dropout": 0.3, "embedding_deviation": 1,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
    Preset{"multi30k-plain", "no attention, for the same", R"({
      "attention": "none", "dropout": 0.3,
      "epochs": 12, "learning_rate": 0.002, "schedule": "cosine", "warm_up": 200})"},
};

}

std::span<const Preset> presets() { return kPresets; }

}
