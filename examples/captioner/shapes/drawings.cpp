#include "examples/captioner/shapes/drawings.h"

#include <algorithm>

namespace gradus::captioner {

std::vector<Drawing> make_drawings(std::uint64_t seed, int count, Combinations combinations) {
  Rng rng(seed);
  std::vector<Drawing> drawings(count);
  for (Drawing& drawing : drawings) {
    drawing.picture = draw_picture(rng, combinations);
    drawing.caption = caption_of(drawing.picture);
  }
  return drawings;
}

std::vector<Example> examples_of(std::span<const Drawing> drawings) {
  std::vector<Example> examples;
  for (const Drawing& drawing : drawings) examples.push_back({&drawing.picture.image, drawing.caption.words});
  return examples;
}

Scores evaluate(Captioner& model, std::span<const Drawing> drawings) {
  std::vector<const Image*> pictures;
  for (const Drawing& drawing : drawings) pictures.push_back(&drawing.picture.image);
  const std::vector<Description> descriptions = model.describe(pictures, kMaxWords);
  double right_captions = 0, words = 0, right_words = 0, names = 0, right_looks = 0;
  for (std::size_t i = 0; i < drawings.size(); ++i) {
    const auto& [picture, caption] = drawings[i];
    const Description& description = descriptions[i];
    right_captions += description.words == caption.words;
    words += static_cast<double>(caption.words.size());
    for (std::size_t t = 0; t < std::min(caption.words.size(), description.words.size()); ++t) {
      if (description.words[t] != caption.words[t]) continue;
      ++right_words;
      if (caption.things[t] == Caption::kNone) continue;
      const std::vector<Real>& weights = description.weights[t];
      const auto patch = static_cast<int>(std::ranges::max_element(weights) - weights.begin());
      ++names;
      right_looks += picture.shows(patch, caption.things[t]);
    }
  }
  return {right_captions / static_cast<double>(drawings.size()), right_words / words,
          names > 0 ? right_looks / names : 0};
}

}
