#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/gradcheck.h"
#include "examples/captioner/shapes/drawings.h"
#include "examples/captioner/training.h"
#include "tests/support/address_sanitizer.h"
#include "tests/support/numbers.h"

using namespace gradus;
using namespace gradus::captioner;

namespace {

std::vector<const Example*> pointers(std::span<const Example> examples) {
  std::vector<const Example*> result;
  for (const Example& example : examples) result.push_back(&example);
  return result;
}

CaptionerConfig tiny(EncoderKind encoder = EncoderKind::Patches) {
  CaptionerConfig config;
  config.encoder = encoder;
  config.features = 3, config.annotation = 3, config.word = 2, config.hidden = 3;
  return config;
}

/// Drawn pictures, and what is to be learned of them.
struct Drawings {
  Drawings(std::uint64_t seed, int count)
      : drawings(make_drawings(seed, count, Combinations::Seen)), examples(examples_of(drawings)) {}

  std::vector<Drawing> drawings;
  std::vector<Example> examples;
};

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
  EncoderKind encoder;

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
  Numbers normalised(const std::string& layer, const Numbers& x) const {
    const double n = static_cast<double>(x.size()), mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
    double variance = 0;
    for (const double number : x) variance += (number - mean) * (number - mean) / n;
    Numbers y;
    for (const double number : x) {
      y.push_back((number - mean) / std::sqrt(variance + 1e-5) * value(layer + ".weight").data[y.size()] +
                  value(layer + ".bias").data[y.size()]);
    }
    return y;
  }
  /// relu of a convolution of 3 × 3 of planes, c of them, with zeros around them.   (c, side²) -> (3, side²)
  std::vector<Numbers> convolution(const std::string& layer, const std::vector<Numbers>& planes, int side) const {
    std::vector<Numbers> result(3, Numbers(side * side));
    for (int out = 0; out < 3; ++out) {
      for (int i = 0; i < side * side; ++i) {
        double sum = value(layer + ".bias").data[out];
        for (int in = 0; in < static_cast<int>(planes.size()); ++in) {
          for (int k = 0; k < 9; ++k) {
            const int x = i % side + k % 3 - 1, y = i / side + k / 3 - 1;
            if (x < 0 || x >= side || y < 0 || y >= side) continue;
            sum += value(layer + ".weight").data[(out * planes.size() + in) * 9 + k] * planes[in][y * side + x];
          }
        }
        result[out][i] = std::max(sum, 0.0);
      }
    }
    return result;
  }
  static Numbers pooled(const Numbers& plane, int side) {
    Numbers result;
    for (int i = 0; i < side * side / 4; ++i) {
      const double* const corner = &plane[i / (side / 2) * 2 * side + i % (side / 2) * 2];
      result.push_back(std::max({corner[0], corner[1], corner[side], corner[side + 1]}));
    }
    return result;
  }
  /// The features of all patches by convolutions.   -> (L, 3)
  std::vector<Numbers> convolved(const Image& picture) const {
    std::vector<Numbers> planes(3);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) planes[i % 3].push_back(picture.pixels[i] / 64.0 - 1);
    int side = picture.width;
    for (const char* layer : {"encoder.net.0", "encoder.net.3", "encoder.net.6"}) {
      planes = convolution(layer, planes, side);
      if (side == kGrid) break;
      for (Numbers& plane : planes) plane = pooled(plane, side);
      side /= 2;
    }
    std::vector<Numbers> features;
    for (int patch = 0; patch < kPatches; ++patch)
      features.push_back(normalised("encoder.norm", {planes[0][patch], planes[1][patch], planes[2][patch]}));
    return features;
  }
  /// The features of a patch by its window.
  Numbers windowed(const Image& picture, int patch) const {
    Numbers window;
    const int left = patch % kGrid * kPatch - 4, top = patch / kGrid * kPatch - 4;
    for (int y = top; y < top + 12; ++y) {
      for (int x = left; x < left + 12; ++x) {
        const bool inside = x >= 0 && x < kSide && y >= 0 && y < kSide;
        for (int c = 0; c < 3; ++c) window.push_back(inside ? picture.at(x, y)[c] / 64.0 - 1 : 0);
      }
    }
    return each(linear("encoder.window", window), [](double x) { return std::max(x, 0.0); });
  }

  double loss(const Example& example) const {
    std::vector<Numbers> a;
    Numbers mean(tiny().annotation, 0), looks(kPatches, 0);
    const std::vector<Numbers> features =
        encoder == EncoderKind::Convolution ? convolved(*example.picture) : std::vector<Numbers>();
    for (int i = 0; i < kPatches; ++i) {
      const Numbers f_i = features.empty() ? windowed(*example.picture, i) : features[i];
      a.push_back(each(plus(linear("encoder.annotation", f_i), row("encoder.position", i)), std::tanh));
    }
    for (const Numbers& a_i : a) mean = plus(mean, a_i, 1.0 / kPatches);
    Numbers hidden = each(linear("begin_hidden", mean), std::tanh), cell = each(linear("begin_cell", mean), std::tanh);
    double loss = 0;
    int previous = kBegin;
    for (const int word : example.words) {
      Numbers e, context(tiny().annotation, 0);
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
      const int n = tiny().hidden;
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

TEST_CASE("captioner: a batch has the longest captions first, and its loss is the sum of its captions'") {
  const Drawings drawings(7, 12);
  const Batch batch(pointers(drawings.examples));
  CHECK(std::ranges::is_sorted(batch.lengths, std::greater()));
  CHECK(batch.lengths.front() > batch.lengths.back());
  CHECK(std::accumulate(batch.lengths.begin(), batch.lengths.end(), 0) == static_cast<int>(batch.outputs.size()));
  Captioner model(tiny(), kWordCount);
  double sum = 0;
  for (const Example& example : drawings.examples) sum += loss_of(model, {&example, 1});
  CHECK(loss_of(model, drawings.examples, 12) == doctest::Approx(sum / 12));
}

TEST_CASE("captioner: the loss is that of the paper's equations") {
  for (const EncoderKind encoder : {EncoderKind::Patches, EncoderKind::Convolution}) {
    CAPTURE(translate::name_of(encoder));
    Captioner model(tiny(encoder), kWordCount);
    initialize(model, 2, init::normal(0, 0.5));
    for (const Example& example : Drawings(14, 3).examples) {
      CHECK(loss_of(model, {&example, 1}) == doctest::Approx(ByHand{model, encoder}.loss(example)).epsilon(1e-5));
    }
  }
}

TEST_CASE("captioner: the loss passes gradcheck" * doctest::skip(!kGradcheck)) {
  const Drawings drawings(8, 3);
  const auto check = [&](EncoderKind encoder, bool uniform) {
    CAPTURE(translate::name_of(encoder));
    Captioner model(tiny(encoder), kWordCount);
    if (uniform) model.attention.scope = std::make_unique<UniformScope>();
    gradcheck(
        "captioner", {}, [&] { return model.loss(Batch(pointers(drawings.examples)), 2); }, model.parameters());
  };
  check(EncoderKind::Patches, false);
  check(EncoderKind::Patches, true);
  check(EncoderKind::Convolution, false);
}

TEST_CASE("captioner: pictures of all sizes become a grid of annotations, and no others") {
  for (const EncoderKind encoder : {EncoderKind::Patches, EncoderKind::Convolution}) {
    for (const int side : {16, 32, 64, 128, 256}) {
      CaptionerConfig config = tiny(encoder);
      config.side = side;
      const Image picture(side, side), *const shown = &picture;
      const Tape tape(Tape::Inference);
      CHECK((*make_encoder(nullptr, "encoder", config))({&shown, 1}).shape() == Shape{1, kPatches, 3});
    }
    CaptionerConfig config = tiny(encoder);
    config.side = 48;
    CHECK_THROWS_WITH(Captioner(config, kWordCount), "side: 48 pixels; need 16, 32, 64, 128 or 256");
  }
}

TEST_CASE("captioner: a picture is described alike alone and among others") {
  const Drawings drawings(9, 40);
  Captioner model({}, kWordCount);
  std::vector<const Image*> pictures;
  for (const Example& example : drawings.examples) pictures.push_back(example.picture);
  const std::vector<Description> together = model.describe(pictures, kMaxWords);
  REQUIRE(together.size() == pictures.size());
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Description alone = model.describe({&pictures[i], 1}, kMaxWords).front();
    CHECK(alone.words == together[i].words);
    CHECK(alone.words.size() == alone.weights.size());
    for (std::size_t t = 0; t < alone.weights.size(); ++t) {
      CHECK(std::accumulate(alone.weights[t].begin(), alone.weights[t].end(), 0.0) == doctest::Approx(1));
    }
  }
  CHECK(model.describe({pictures.data(), 1}, 2).front().words.size() <= 2);
}

// Sanitizers see nothing in its hundreds of steps that they do not in the few of the others.
TEST_CASE("captioner: a short training teaches what to say and where to look" *
          doctest::skip(kGradcheck || kAddressSanitizer)) {
  const auto simple = [](std::uint64_t seed, int count) {
    std::vector<Drawing> drawings = make_drawings(seed, count, Combinations::Seen);
    std::erase_if(drawings, [](const Drawing& drawing) { return drawing.picture.things.size() > 2; });
    return drawings;
  };
  const std::vector<Drawing> drawings = simple(10, 5000), test = simple(11, 300);
  for (const bool uniform : {false, true}) {
    CAPTURE(uniform);
    CaptionerConfig config;
    config.features = 64, config.annotation = 48, config.word = 32, config.hidden = 64;
    config.steps = 400, config.learning_rate = 4e-3;
    Captioner model(config, kWordCount);
    if (uniform) model.attention.scope = std::make_unique<UniformScope>();
    CHECK(evaluate(model, test).words < 0.1);
    train(model, config, examples_of(drawings));
    const Scores scores = evaluate(model, test);
    CHECK(scores.words > 0.45);
    if (uniform) CHECK(scores.looks < 0.2);
    if (!uniform) CHECK(scores.looks > 0.5);
  }
}

TEST_CASE("captioner: training follows from its seed, to the bit") {
  const Drawings drawings(12, 40);
  const auto trained = [&](std::uint64_t seed) {
    CaptionerConfig config = tiny();
    Captioner model(config, kWordCount);
    config.seed = seed, config.steps = 3, config.batch = 7;
    train(model, config, drawings.examples);
    return loss_of(model, drawings.examples);
  };
  CHECK(trained(1) == trained(1));
  CHECK(trained(1) != trained(2));
}

TEST_CASE("captioner: every field of the configuration tells") {
  const std::vector<Drawing> drawings = make_drawings(15, 6, Combinations::Seen);
  /// How large the model is, and its loss after the training.
  const auto outcome = [&](const CaptionerConfig& config) {
    std::vector<Image> images;
    for (const Drawing& drawing : drawings) images.push_back(scaled(drawing.picture.image, config.side, config.side));
    std::vector<Example> examples = examples_of(drawings);
    for (std::size_t i = 0; i < examples.size(); ++i) examples[i].picture = &images[i];
    Captioner model(config, kWordCount);
    train(model, config, examples);
    return std::pair(model.parameter_count(), loss_of(model, examples));
  };
  CaptionerConfig usual = tiny();
  usual.steps = 2, usual.batch = 4;
  const std::size_t count = usual.fields().size();
  for (std::size_t i = 0; i < count; ++i) {
    CaptionerConfig config = usual;
    const translate::ConfigField field = config.fields()[i];
    const std::string key = field.key;
    if (key == "max_words" || key == "min_frequency") continue;  // of the text (test_captioner.sh)
    CAPTURE(key);
    field.visit([&]<class T>(T& value) {
      if constexpr (std::is_same_v<std::remove_const_t<T>, translate::ChoiceReference>) {
        value.parse("convolution");
      } else if constexpr (std::is_arithmetic_v<T>) {
        value = static_cast<T>(value + value);
      }
    });
    CHECK(outcome(config) != outcome(usual));
  }
}

TEST_CASE("captioner: a training ends when it is told to, and where the loss is no number any more") {
  const Drawings drawings(13, 10);
  CaptionerConfig config = tiny();
  config.steps = 100, config.batch = 4;
  Captioner model(config, kWordCount);
  int last = 0;
  train(model, config, drawings.examples, [&](int step, double) { return (last = step) < 3; });
  CHECK(last == 3);
  initialize(model, 1, init::constant(std::numeric_limits<Real>::infinity()));
  CHECK_THROWS_WITH(train(model, config, drawings.examples),
                    doctest::Contains("step 1: the loss is nan; a lower learning rate may help"));
}

TEST_CASE("captioner: scaling takes the mean of what a pixel covers") {
  Image image(3, 2);  // red: 0 90 240 above, 30 60 90 below
  const int red[] = {0, 90, 240, 30, 60, 90};
  for (int i = 0; i < 6; ++i) image.at(i % 3, i / 3)[0] = static_cast<std::uint8_t>(red[i]);
  const auto reds = [](const Image& picture) {
    std::vector<int> levels;
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3) levels.push_back(picture.pixels[i]);
    return levels;
  };
  CHECK(reds(scaled(image, 3, 2)) == std::vector<int>{0, 90, 240, 30, 60, 90});
  CHECK(reds(scaled(image, 1, 1)) == std::vector<int>{85});
  CHECK(reds(scaled(image, 3, 1)) == std::vector<int>{15, 75, 165});
  CHECK(reds(scaled(image, 2, 2)) == std::vector<int>{30, 190, 40, 80});  // (0 + 90/2) / 1.5, …
  CHECK(reds(scaled(image, 6, 2)) == std::vector<int>{0, 0, 90, 90, 240, 240, 30, 30, 60, 60, 90, 90});
  // No level is lost, whatever the sizes.
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    Image white(1 + static_cast<int>(rng.below(40)), 1 + static_cast<int>(rng.below(40)));
    std::ranges::fill(white.pixels, std::uint8_t(255));
    const Image other = scaled(white, 1 + static_cast<int>(rng.below(40)), 1 + static_cast<int>(rng.below(40)));
    CHECK(std::ranges::all_of(other.pixels, [](int level) { return level == 255; }));
  }
}
