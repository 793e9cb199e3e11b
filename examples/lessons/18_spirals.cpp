/// Lesson 18: two spirals.
///
/// The points of two spirals that wind around each other. No line parts them; a net of two hidden layers bends space
/// until one does. Layers that follow each other are a Sequential, and what has no parameters, such as tanh, is a
/// function.

#include <fmt/core.h>

#include <cmath>

#include "nn/containers/data_loader.h"
#include "nn/containers/sequential.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "ops/create/create.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

struct Point {
  double x, y;
  int spiral;
};

std::vector<Point> spirals(int points) {
  std::vector<Point> result;
  for (int i = 0; i < points; ++i) {
    const double turn = 3.5 * 3.14159265 * i / points, radius = 0.1 + 0.9 * i / points;
    for (const int spiral : {0, 1}) {
      const double side = spiral == 0 ? 1 : -1;
      result.push_back({side * radius * std::cos(turn), side * radius * std::sin(turn), spiral});
    }
  }
  return result;
}

/// Which spiral each place of a picture belongs to, in the eyes of the net.
void draw(Sequential& net) {
  constexpr int kWidth = 44, kHeight = 20;
  Tape tape(Tape::Inference);
  std::vector<double> places;
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < kWidth; ++column) {
      places.insert(places.end(), {2.2 * column / (kWidth - 1) - 1.1, 1.1 - 2.2 * row / (kHeight - 1)});
    }
  }
  const std::vector<int> spiral = argmax(net(constant({kWidth * kHeight, 2}, places)));
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < kWidth; ++column) fmt::print("{}", spiral[row * kWidth + column] == 0 ? '#' : '.');
    fmt::print("\n");
  }
}

}

int main() {
  const std::vector<Point> points = spirals(150);

  Sequential net(nullptr, "net");
  net.add<Linear>(2, 24);
  net.add(tanh);
  net.add<Linear>(24, 24);
  net.add(tanh);
  net.add<Linear>(24, 2);
  fmt::print("{} points, {} numbers to learn\n\n", points.size(), net.parameter_count());

  Adam adam(net.parameters(), {.learning_rate = 0.01});
  DataLoader loader(points, {.batch_size = 50, .seed = 1});
  for (int epoch = 0; epoch <= 300; ++epoch) {
    int right = 0;
    for (const auto& batch : loader) {
      std::vector<double> x;
      std::vector<int> spiral;
      for (const Point& point : batch) {
        x.insert(x.end(), {point.x, point.y});
        spiral.push_back(point.spiral);
      }
      Tape tape;
      Tensor logits = net(constant({static_cast<int>(batch.size()), 2}, x));
      tape.backward(cross_entropy(logits, spiral));
      adam.step({.zero_grads = true});
      const std::vector<int> guess = argmax(logits);
      for (std::size_t i = 0; i < guess.size(); ++i) right += guess[i] == spiral[i];
    }
    if (epoch % 100 == 0)
      fmt::print("epoch {:3}  right {:3.0f} %\n", epoch, 100.0 * right / static_cast<double>(points.size()));
  }
  fmt::print("\n");
  draw(net);
}
