#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "autograd/gradcheck.h"
#include "examples/captioner/panels.h"
#include "examples/captioner/training.h"
#include "nn/optim/optimizer.h"
#include "tests/support/markup.h"
#include "tests/support/numbers.h"

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

double loss_of(Captioner& model, std::span<const Example> examples, Real divisor = 1) {
  const Tape tape(Tape::Inference);
  return model.loss(Batch(pointers(examples)), divisor).item();
}

using Numbers = std::vector<double>;

Numbers concatenated(Numbers a, const Numbers& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// a + factor * b
Numbers plus(Numbers a, const Numbers& b, double factor = 1) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
  return a;
}

Numbers each(Numbers x, double (*f)(double)) {
  std::ranges::transform(x, x.begin(), f);
  return x;
}

Numbers softmax_of(const Numbers& x) {
  const Numbers powers = each(x, std::exp);
  return plus(Numbers(x.size(), 0), powers, 1 / std::accumulate(powers.begin(), powers.end(), 0.0));
}

/// The loss of a picture with its caption, number by number as the paper has it.
struct ByHand {
  Captioner& model;

  Array value(const std::string& name) const {
    for (Parameter* parameter : model.parameters()) {
      if (parameter->name() == name) return parameter->value();
    }
    FAIL(name);
    return {};
  }
  /// W x
  Numbers product(const std::string& weight, const Numbers& x) const {
    const ConstArray w = value(weight);
    REQUIRE(w.cols() == static_cast<int>(x.size()));
    Numbers y(w.rows(), 0);
    for (int i = 0; i < w.rows(); ++i) {
      for (int j = 0; j < w.cols(); ++j) y[i] += w.row(i)[j] * x[j];
    }
    return y;
  }
  Numbers row(const std::string& name, int i) const {
    const ConstArray table = value(name);
    return {table.row(i), table.row(i) + table.cols()};
  }
  /// W x + b
  Numbers linear(const std::string& layer, const Numbers& x) const {
    const ConstArray bias = value(layer + ".bias");
    return plus(product(layer + ".weight", x), {bias.begin(), bias.end()});
  }
  Numbers annotation(const Picture& picture, int patch) const {
    Numbers window;
    const int left = patch % kGrid * kPatch - 4, top = patch / kGrid * kPatch - 4;
    for (int y = top; y < top + 12; ++y) {
      for (int x = left; x < left + 12; ++x) {
        const bool inside = x >= 0 && x < kSide && y >= 0 && y < kSide;
        for (int c = 0; c < 3; ++c) window.push_back(inside ? picture.pixels[(y * kSide + x) * 3 + c] / 64.0 - 1 : 0);
      }
    }
    const Numbers units = each(linear("window", window), [](double x) { return std::max(x, 0.0); });
    return each(plus(linear("annotation", units), row("position", patch)), std::tanh);
  }

  double loss(const Example& example) const {
    std::vector<Numbers> a;
    Numbers mean(kTiny.annotation, 0), looks(kPatches, 0);
    for (int i = 0; i < kPatches; ++i) a.push_back(annotation(example.picture, i));
    for (const Numbers& a_i : a) mean = plus(mean, a_i, 1.0 / kPatches);
    Numbers hidden = each(linear("begin_hidden", mean), std::tanh), cell = each(linear("begin_cell", mean), std::tanh);
    double loss = 0;
    int previous = kBegin;
    for (const int word : example.caption.words) {
      Numbers e, context(kTiny.annotation, 0);
      for (const Numbers& a_i : a) {
        const Numbers sum = plus(linear("attention.query", hidden), product("attention.key.weight", a_i));
        e.push_back(product("attention.score.weight", each(sum, std::tanh))[0]);
      }
      const Numbers alpha = softmax_of(e);
      looks = plus(looks, alpha);
      const double beta = logistic(linear("gate", hidden)[0]);
      for (int i = 0; i < kPatches; ++i) context = plus(context, a[i], beta * alpha[i]);

      const Numbers embedded = row("embedding.weight", previous);
      Numbers gates =
          plus(product("cell.weight_ih", concatenated(embedded, context)), product("cell.weight_hh", hidden));
      for (const char* bias : {"cell.bias_ih", "cell.bias_hh"}) {
        gates = plus(gates, {value(bias).begin(), value(bias).end()});
      }
      const int n = kTiny.hidden;
      for (int k = 0; k < n; ++k) {
        cell[k] = logistic(gates[n + k]) * cell[k] + logistic(gates[k]) * std::tanh(gates[2 * n + k]);
        hidden[k] = logistic(gates[3 * n + k]) * std::tanh(cell[k]);
      }
      const Numbers inner =
          plus(plus(embedded, product("hidden_to_word.weight", hidden)), product("context_to_word.weight", context));
      loss -= std::log(softmax_of(linear("output", inner))[word]);
      previous = word;
    }
    for (const double sum : looks) loss += 0.01 * (1 - sum) * (1 - sum);
    return loss;
  }
};

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
  CHECK(words.size() == kWordCount - 1);  // all but <s>
  CHECK(longest == kMaxWords);
}

TEST_CASE("captioner: pictures follow from the seed, and those of held-out combinations share none with the others") {
  const auto pixels = [](std::uint64_t seed, Combinations combinations) {
    std::set<std::array<std::uint8_t, kSide * kSide * 3>> result;
    for (const Example& example : make_examples(seed, 200, combinations)) {
      for (const Thing& thing : example.picture.things) {
        CHECK(is_held_out(thing.colour, thing.form) == (combinations == Combinations::HeldOut));
      }
      result.insert(example.picture.pixels);
    }
    return result;
  };
  const auto first = pixels(1, Combinations::Seen), other = pixels(2, Combinations::Seen);
  CHECK(first.size() == 200);
  CHECK(first == pixels(1, Combinations::Seen));
  CHECK(std::ranges::none_of(other, [&](const auto& picture) { return first.contains(picture); }));
  pixels(1, Combinations::HeldOut);
}

TEST_CASE("captioner: a batch has the longest captions first, and its loss is the sum of its captions'") {
  const std::vector<Example> examples = make_examples(7, 12, Combinations::Seen);
  const Batch batch(pointers(examples));
  CHECK(std::ranges::is_sorted(batch.lengths, std::greater()));
  CHECK(batch.lengths.front() > batch.lengths.back());
  CHECK(std::accumulate(batch.lengths.begin(), batch.lengths.end(), 0) == static_cast<int>(batch.outputs.size()));
  Captioner model(1, kTiny);
  double sum = 0;
  for (const Example& example : examples) sum += loss_of(model, {&example, 1});
  CHECK(loss_of(model, examples, 12) == doctest::Approx(sum / 12));
}

TEST_CASE("captioner: the loss is that of the paper's equations") {
  Captioner model(1, kTiny);
  initialize(model, 2, init::normal(0, 0.5));
  for (const Example& example : make_examples(14, 3, Combinations::Seen)) {
    CHECK(loss_of(model, {&example, 1}) == doctest::Approx(ByHand{model}.loss(example)).epsilon(1e-5));
  }
}

TEST_CASE("captioner: the loss passes gradcheck" * doctest::skip(!kGradcheck)) {
  const std::vector<Example> examples = make_examples(8, 3, Combinations::Seen);
  for (const bool uniform : {false, true}) {
    Captioner model(1, kTiny);
    if (uniform) model.attention.scope = std::make_unique<UniformScope>();
    gradcheck(
        "captioner", {}, [&] { return model.loss(Batch(pointers(examples)), 2); }, model.parameters());
  }
}

TEST_CASE("captioner: a picture is described alike alone and among others") {
  const std::vector<Example> examples = make_examples(9, 5, Combinations::Seen);
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
    std::vector<Example> examples = make_examples(seed, count, Combinations::Seen);
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
  const std::vector<Example> examples = make_examples(12, 40, Combinations::Seen);
  const auto trained = [&](std::uint64_t seed) {
    Captioner model(1, kTiny);
    train(model, examples, {.seed = seed, .steps = 3, .batch = 7});
    return loss_of(model, examples);
  };
  CHECK(trained(1) == trained(1));
  CHECK(trained(1) != trained(2));
}

TEST_CASE("captioner: an SVG has a panel for each word, in which the attended patches are lit") {
  const Example example = make_examples(13, 1, Combinations::Seen).front();
  Description description{example.caption.words, {}};
  description.weights.assign(description.words.size(), std::vector<Real>(kPatches, 0));
  for (std::vector<Real>& weights : description.weights) weights[10] = 1;
  const std::string svg = panels_svg(example.picture, description);
  CHECK(is_well_formed(svg));
  CHECK(svg.size() < 40'000);
  const std::size_t panels = description.words.size() - 1;  // none for </s>
  CHECK(count(svg, "<use href=\"#picture\"/>") == panels);
  CHECK(count(svg, "</text>") == 1 + panels);
  for (std::size_t t = 0; t < panels; ++t) {
    CHECK(count(svg, fmt::format(">{}</text>", kWords[description.words[t]])) > 0);
  }
  // All is dark but patch 10, which is the third of the second row: strokes of 4 pixels' width in rows of patches.
  const std::string shade =
      "stroke=\"#000\" stroke-opacity=\".9\" d=\"M0 0h32M0 4h8M12 4h20M0 8h32M0 12h32M0 16h32M0 20h32M0 24h32M0 "
      "28h32\"";
  CHECK(count(svg, shade) == panels);
}
