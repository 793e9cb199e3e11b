/// Lesson 20: pictures.
///
/// Digits of 8 by 8 points, drawn from a font of 5 by 7, moved about and spoiled by noise. A convolution slides small
/// kernels over a picture, so that what it learns of a stroke in one place serves in all places; pooling keeps the
/// strongest answer of each neighbourhood, so that a digit may move a little.
///
/// The net beside it sees the same numbers without knowing which points are neighbours.

#include <fmt/core.h>

#include <array>
#include <string_view>

#include "nn/containers/data_loader.h"
#include "nn/containers/sequential.h"
#include "nn/convolution/batch_norm.h"
#include "nn/convolution/convolution.h"
#include "nn/convolution/pooling.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "ops/create/create.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

constexpr std::array<std::string_view, 10> kFont = {
    ".###.#...##...##...##...##...#.###.", "..#...##....#....#....#....#...###.", ".###.#...#....#...#...#...#...#####",
    ".###.#...#....#..##.....##...#.###.", "...#...##..#.#.#..#.#####...#....#.", "######....####.....#....##...#.###.",
    ".###.#....####.#...##...##...#.###.", "#####....#...#...#...#....#....#...", ".###.#...##...#.###.#...##...#.###.",
    ".###.#...##...##...#.####....#.###."};

struct Picture {
  std::vector<double> points;  // (8, 8)
  int digit;
};

std::vector<Picture> pictures(int count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Picture> result;
  for (int i = 0; i < count; ++i) {
    Picture picture{std::vector<double>(64), static_cast<int>(rng.below(10))};
    const int down = static_cast<int>(rng.below(2)), right = static_cast<int>(rng.below(4));
    for (int row = 0; row < 7; ++row) {
      for (int column = 0; column < 5; ++column) {
        if (kFont[picture.digit][row * 5 + column] == '#') picture.points[(row + down) * 8 + column + right] = 1;
      }
    }
    for (double& point : picture.points) point += 0.4 * rng.normal();
    result.push_back(picture);
  }
  return result;
}

void print(const Picture& picture) {
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      const double point = picture.points[row * 8 + column];
      fmt::print("{}", point > 0.9 ? "##" : point > 0.5 ? "::" : "  ");
    }
    fmt::print("\n");
  }
}

/// Pictures and digits of a batch, for a net that takes (B, 1, 8, 8).
struct Examples {
  Tensor x;
  std::vector<int> digits;

  explicit Examples(const auto& batch) {
    std::vector<double> points;
    for (const Picture& picture : batch) {
      points.insert(points.end(), picture.points.begin(), picture.points.end());
      digits.push_back(picture.digit);
    }
    x = constant({static_cast<int>(digits.size()), 1, 8, 8}, points);
  }
};

double right(Sequential& net, const std::vector<Picture>& test) {
  net.eval();  // batch normalisation by what it saw in training
  Tape tape(Tape::Inference);
  const Examples examples(test);
  const std::vector<int> guess = argmax(net(examples.x));
  int count = 0;
  for (std::size_t i = 0; i < guess.size(); ++i) count += guess[i] == examples.digits[i];
  net.train();
  return 100.0 * count / static_cast<double>(test.size());
}

void learn(const char* name, Sequential& net, const std::vector<Picture>& train, const std::vector<Picture>& test) {
  Adam adam(net.parameters(), {.learning_rate = 0.003});
  DataLoader loader(train, {.batch_size = 32, .seed = 1});
  for (int epoch = 0; epoch < 8; ++epoch) {
    for (const auto& batch : loader) {
      Tape tape;
      const Examples examples(batch);
      tape.backward(cross_entropy(net(examples.x), examples.digits));
      adam.step({.zero_grads = true});
    }
  }
  fmt::print("{:16} {:5} numbers, right: {:.0f} % of new pictures\n", name, net.parameter_count(), right(net, test));
}

}

int main() {
  const std::vector<Picture> train = pictures(1000, 1), test = pictures(500, 2);
  fmt::print("a {}:\n", train[0].digit);
  print(train[0]);

  Sequential convolution(nullptr, "convolution");
  convolution.add<Conv2d>(1, 12, 3, ConvolutionOptions{.padding = 1});  // (B, 12, 8, 8)
  convolution.add<BatchNorm2d>(12);
  convolution.add(relu);
  convolution.add<MaxPool2d>(2);                                         // (B, 12, 4, 4)
  convolution.add<Conv2d>(12, 24, 3, ConvolutionOptions{.padding = 1});  // (B, 24, 4, 4)
  convolution.add(relu);
  convolution.add<MaxPool2d>(2);  // (B, 24, 2, 2)
  convolution.add<Flatten>();     // (B, 96)
  convolution.add<Linear>(96, 10);
  learn("convolution", convolution, train, test);

  Sequential plain(nullptr, "plain");
  plain.add<Flatten>();  // (B, 64)
  plain.add<Linear>(64, 50);
  plain.add(relu);
  plain.add<Linear>(50, 10);
  learn("without", plain, train, test);
}
