#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "autograd/gradcheck.h"
#include "examples/captioner/panels.h"
#include "examples/captioner/training.h"
#include "nn/optimizer.h"
#include "tests/markup.h"
#include "tests/numbers.h"

using namespace gradus;
using namespace gradus::captioner;

namespace {

/// What somebody sees who knows the pixels only.
struct Blob {
  std::vector<std::pair<int, int>> pixels;  // x, y
  int left = kSide, right = 0, top = kSide, bottom = 0;
  double rgb[3] = {};

  bool has(int x, int y) const { return std::ranges::find(pixels, std::pair(x, y)) != pixels.end(); }
  int width() const { return right - left + 1; }
  int height() const { return bottom - top + 1; }

  /// Which of the three channels are bright names the colour.
  std::string colour() const {
    const auto bright = [&](int channel) { return rgb[channel] > 0.75 * std::ranges::max(rgb); };
    if (bright(0)) return bright(1) ? bright(2) ? "white" : "yellow" : bright(2) ? "purple" : "red";
    return bright(1) ? "green" : "blue";
  }
  std::string form() const {
    const bool top_corners = has(left, top) && has(right, top),
               bottom_corners = has(left, bottom) && has(right, bottom);
    if (top_corners && bottom_corners) return "square";
    double lower = 0;
    for (const auto& [x, y] : pixels) lower += y - (top + bottom) / 2.0;
    if (lower / static_cast<double>(pixels.size()) > 0.5) return "triangle";
    return static_cast<double>(pixels.size()) > 0.575 * width() * height() ? "circle" : "cross";
  }
  std::string size() const { return std::max(width(), height()) <= 7 ? "small" : "large"; }
};

/// The connected pixels that are bright in some channel, of a picture without noise.
std::vector<Blob> blobs_of(const Picture& picture) {
  std::vector<bool> open(kSide * kSide);
  for (int i = 0; i < kSide * kSide; ++i) {
    open[i] = std::max({picture.pixels[3 * i], picture.pixels[3 * i + 1], picture.pixels[3 * i + 2]}) > 107;
  }
  std::vector<Blob> blobs;
  for (int start = 0; start < kSide * kSide; ++start) {
    if (!open[start]) continue;
    Blob blob;
    std::vector<int> waiting = {start};
    open[start] = false;
    while (!waiting.empty()) {
      const int here = waiting.back(), x = here % kSide, y = here / kSide;
      waiting.pop_back();
      blob.pixels.emplace_back(x, y);
      blob.left = std::min(blob.left, x), blob.right = std::max(blob.right, x);
      blob.top = std::min(blob.top, y), blob.bottom = std::max(blob.bottom, y);
      for (int channel = 0; channel < 3; ++channel) blob.rgb[channel] += picture.pixels[3 * here + channel];
      const int near[] = {x > 0 ? here - 1 : here, x < kSide - 1 ? here + 1 : here, here - kSide, here + kSide};
      for (const int next : near) {
        if (next < 0 || next >= kSide * kSide || !open[next]) continue;
        open[next] = false;
        waiting.push_back(next);
      }
    }
    blobs.push_back(blob);
  }
  return blobs;
}

/// The caption by the rules of Picture and Caption, from the pixels alone.
std::string seen_in(const Picture& picture) {
  std::vector<Blob> blobs = blobs_of(picture);
  std::ranges::sort(blobs, {}, [](const Blob& b) { return b.left + b.right + b.top + b.bottom; });
  std::string text;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    const Blob& b = blobs[i];
    if (i > 0) {
      const int right = b.left + b.right - blobs[i - 1].left - blobs[i - 1].right;
      const int down = b.top + b.bottom - blobs[i - 1].top - blobs[i - 1].bottom;
      text += right > down ? " left of " : " above ";
    }
    text += "a " + b.size() + " " + b.colour() + " " + b.form();
  }
  return text;
}

std::vector<const Example*> pointers(std::span<const Example> examples) {
  std::vector<const Example*> result;
  for (const Example& example : examples) result.push_back(&example);
  return result;
}

constexpr CaptionerSizes kTiny = {.window_units = 3, .annotation = 3, .word = 2, .hidden = 3};

double loss_of(Captioner& model, std::span<const Example> examples) {
  const Tape tape(Tape::Inference);
  return model.loss(Batch(pointers(examples)), 1).item();
}

}

TEST_CASE("captioner: the caption says what the pixels show") {
  for (const Combinations combinations : {Combinations::Common, Combinations::Rare}) {
    Rng rng(5);
    for (int i = 0; i < 500; ++i) {
      const Picture picture = draw_picture(rng, combinations, 0);
      REQUIRE(seen_in(picture) == text_of(caption_of(picture).words));
    }
  }
}

TEST_CASE("captioner: each word of a caption knows its thing, and each thing its patches") {
  std::set<int> words;
  std::size_t longest = 0;
  Rng rng(6);
  for (int i = 0; i < 300; ++i) {
    const Picture picture = draw_picture(rng, Combinations::Common, 0);
    const Caption caption = caption_of(picture);
    REQUIRE(caption.words.size() == caption.things.size());
    REQUIRE(caption.words.back() == kEnd);
    words.insert(caption.words.begin(), caption.words.end());
    longest = std::max(longest, caption.words.size());
    int names = 0;
    for (std::size_t t = 0; t < caption.words.size(); ++t) {
      const int thing = caption.things[t], word = caption.words[t];
      CHECK((thing == Caption::kNone) == (word < kFirstSize));
      if (thing == Caption::kNone) continue;
      const Thing& named = picture.things[thing];
      CHECK(thing == names++ / 3);
      if (word >= kFirstForm)
        CHECK(word - kFirstForm == static_cast<int>(named.form));
      else if (word >= kFirstColour)
        CHECK(word - kFirstColour == static_cast<int>(named.colour));
    }
    // The patches that show a thing are those its pixels are in.
    const std::vector<Blob> blobs = blobs_of(picture);
    int shown = 0, expected = 0;
    for (int thing = 0; thing < static_cast<int>(picture.things.size()); ++thing) {
      for (int patch = 0; patch < kPatches; ++patch) shown += picture.shows(patch, thing);
    }
    for (const Blob& blob : blobs) {
      std::set<int> patches;
      for (const auto& [x, y] : blob.pixels) patches.insert(y / kPatch * kGrid + x / kPatch);
      expected += static_cast<int>(patches.size());
    }
    CHECK(shown == expected);
  }
  CHECK(words.size() == kWordCount - 1);  // all but <s>
  CHECK(longest == kMaxWords);
}

TEST_CASE("captioner: pictures follow from the seed, and those of rare combinations share none with the others") {
  const auto pixels = [](std::uint64_t seed, Combinations combinations) {
    std::set<std::array<std::uint8_t, kSide * kSide * 3>> result;
    for (const Example& example : make_examples(seed, 200, combinations)) {
      for (const Thing& thing : example.picture.things) {
        CHECK(is_rare(thing.colour, thing.form) == (combinations == Combinations::Rare));
      }
      result.insert(example.picture.pixels);
    }
    return result;
  };
  const auto first = pixels(1, Combinations::Common), other = pixels(2, Combinations::Common);
  CHECK(first.size() == 200);
  CHECK(first == pixels(1, Combinations::Common));
  CHECK(std::ranges::none_of(other, [&](const auto& picture) { return first.contains(picture); }));
  pixels(1, Combinations::Rare);
}

TEST_CASE("captioner: a batch has the longest captions first, and its loss is the sum of its captions'") {
  const std::vector<Example> examples = make_examples(7, 12, Combinations::Common);
  const Batch batch(pointers(examples));
  CHECK(std::ranges::is_sorted(batch.lengths, std::greater()));
  CHECK(batch.lengths.front() > batch.lengths.back());
  CHECK(std::accumulate(batch.lengths.begin(), batch.lengths.end(), 0) == static_cast<int>(batch.outputs.size()));
  Captioner model(1, kTiny);
  double sum = 0;
  for (const Example& example : examples) sum += loss_of(model, {&example, 1});
  CHECK(loss_of(model, examples) == doctest::Approx(sum));
}

TEST_CASE("captioner: the loss passes gradcheck" * doctest::skip(!kGradcheck)) {
  const std::vector<Example> examples = make_examples(8, 3, Combinations::Common);
  for (const bool uniform : {false, true}) {
    Captioner model(1, kTiny);
    if (uniform) model.attention.scope = std::make_unique<UniformScope>();
    gradcheck(
        "captioner", {}, [&] { return model.loss(Batch(pointers(examples)), 2); }, model.parameters());
  }
}

TEST_CASE("captioner: a picture is described alike alone and among others") {
  const std::vector<Example> examples = make_examples(9, 5, Combinations::Common);
  Captioner model(1);
  std::vector<const Picture*> pictures;
  for (const Example& example : examples) pictures.push_back(&example.picture);
  const std::vector<Description> together = model.describe(pictures);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Description alone = model.describe({&pictures[i], 1}).front();
    CHECK(alone.words == together[i].words);
    CHECK(alone.words.size() == alone.weights.size());
    for (std::size_t t = 0; t < alone.weights.size(); ++t) {
      CHECK(std::accumulate(alone.weights[t].begin(), alone.weights[t].end(), 0.0) == doctest::Approx(1));
    }
  }
}

TEST_CASE("captioner: a short training teaches what to say and where to look" * doctest::skip(kGradcheck)) {
  const auto simple = [](std::uint64_t seed, int count) {
    std::vector<Example> examples = make_examples(seed, count, Combinations::Common);
    std::erase_if(examples, [](const Example& example) { return example.picture.things.size() > 2; });
    return examples;
  };
  const std::vector<Example> examples = simple(10, 5000), test = simple(11, 300);
  for (const bool uniform : {false, true}) {
    CAPTURE(uniform);
    Captioner model(1, {.window_units = 64, .annotation = 48, .word = 32, .hidden = 64});
    if (uniform) model.attention.scope = std::make_unique<UniformScope>();
    CHECK(evaluate(model, test).words < 0.1);
    train(model, examples, {.steps = 400, .learning_rate = 4e-3});
    const Scores scores = evaluate(model, test);
    CHECK(scores.words > 0.45);
    if (uniform) CHECK(scores.looks < 0.2);
    if (!uniform) CHECK(scores.looks > 0.5);
  }
}

TEST_CASE("captioner: training follows from its seed, to the bit") {
  const std::vector<Example> examples = make_examples(12, 40, Combinations::Common);
  const auto trained = [&](std::uint64_t seed) {
    Captioner model(1, kTiny);
    train(model, examples, {.seed = seed, .steps = 3, .batch = 7});
    return loss_of(model, examples);
  };
  CHECK(trained(1) == trained(1));
  CHECK(trained(1) != trained(2));
}

TEST_CASE("captioner: an SVG has a panel for each word, in which the attended patches are lit") {
  const Example example = make_examples(13, 1, Combinations::Common).front();
  Description description{example.caption.words, {}};
  description.weights.assign(description.words.size(), std::vector<Real>(kPatches, 0));
  for (std::vector<Real>& weights : description.weights) weights[9] = 1;
  const std::string svg = panels_svg(example.picture, description);
  CHECK(is_well_formed(svg));
  CHECK(svg.size() < 40'000);
  const std::size_t panels = description.words.size() - 1;  // none for </s>
  CHECK(count(svg, "<use href=\"#picture\"/>") == panels);
  CHECK(count(svg, "</text>") == 1 + panels);
  for (std::size_t t = 0; t < panels; ++t) {
    CHECK(count(svg, fmt::format(">{}</text>", kWords[description.words[t]])) > 0);
  }
  // All is dark but patch 9, which is the second of the second row: strokes of 4 pixels' width in rows of patches.
  const std::string shade =
      "stroke=\"#000\" stroke-opacity=\".9\" d=\"M0 0h32M0 4h4M8 4h24M0 8h32M0 12h32M0 16h32M0 20h32M0 24h32M0 28h32\"";
  CHECK(count(svg, shade) == panels);
}
