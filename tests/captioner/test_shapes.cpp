#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <span>

#include "examples/captioner/shapes/drawings.h"

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

std::span<const std::uint8_t, 3> rgb_of(const Picture& picture, int x, int y) {
  return std::span<const std::uint8_t, 3>(picture.image.at(x, y), 3);
}

/// The connected pixels that are bright in some channel, of a picture without noise.
std::vector<Blob> blobs_of(const Picture& picture) {
  std::vector<bool> open(kSide * kSide);
  for (int i = 0; i < kSide * kSide; ++i) {
    open[i] = std::ranges::max(rgb_of(picture, i % kSide, i / kSide)) > 107;
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
      for (int channel = 0; channel < 3; ++channel) blob.rgb[channel] += rgb_of(picture, x, y)[channel];
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

}

TEST_CASE("captioner: the caption says what the pixels show") {
  for (const Combinations combinations : {Combinations::Seen, Combinations::HeldOut}) {
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
    const Picture picture = draw_picture(rng, Combinations::Seen, 0);
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
  CHECK(words.size() == kWordCount - 3);  // all but <pad>, <unk> and <s>
  CHECK(longest == kMaxWords);
}

TEST_CASE("captioner: pictures follow from the seed, and those of held-out combinations share none with the others") {
  const auto pixels = [](std::uint64_t seed, Combinations combinations) {
    std::set<std::vector<std::uint8_t>> result;
    for (const Drawing& drawing : make_drawings(seed, 200, combinations)) {
      for (const Thing& thing : drawing.picture.things) {
        CHECK(is_held_out(thing.colour, thing.form) == (combinations == Combinations::HeldOut));
      }
      result.insert(drawing.picture.image.pixels);
    }
    return result;
  };
  const auto first = pixels(1, Combinations::Seen), other = pixels(2, Combinations::Seen);
  CHECK(first.size() == 200);
  CHECK(first == pixels(1, Combinations::Seen));
  CHECK(std::ranges::none_of(other, [&](const auto& picture) { return first.contains(picture); }));
  pixels(1, Combinations::HeldOut);
}
