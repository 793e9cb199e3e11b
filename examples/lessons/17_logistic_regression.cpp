/// Lesson 17: a model of a file of your own.
///
/// A file of numbers, a sample a line: two measurements of a flower bud and whether it opened. The model is the
/// smallest there is, logistic regression: the probability of "opened" is σ(w · x + b). Pass it another file of that
/// form, or read along with the one that stands below.
///
/// To learn from: samples are a struct of yours, DataLoader shuffles them into batches, and a batch becomes tensors by
/// a list of its numbers. Reading the file is up to you: a line of the standard library here, a library for CSV else.

#include <fmt/core.h>

#include <fstream>
#include <sstream>

#include "nn/containers/data_loader.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "ops/compare.h"
#include "ops/create/create.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/losses/losses.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

constexpr const char* kBuds = R"(length,width,opened
1.4,0.3,0
2.1,0.9,0
1.7,0.5,0
2.5,0.8,0
3.0,1.2,0
2.2,1.5,0
3.9,1.4,1
4.4,1.1,1
3.3,1.9,1
4.9,1.8,1
4.1,2.3,1
5.2,1.6,1
)";

struct Bud {
  double length, width, opened;
};

std::vector<Bud> read(std::istream& file) {
  std::vector<Bud> buds;
  std::string line;
  std::getline(file, line);  // the names of the columns
  for (char comma = ','; std::getline(file, line);) {
    std::istringstream numbers(line);
    Bud bud{};
    if (numbers >> bud.length >> comma >> bud.width >> comma >> bud.opened) buds.push_back(bud);
  }
  return buds;
}

/// How many logits are on the side of their answer, 0 or 1.
double sum_of_right(Tensor logits, Tensor answers) { return sum(eq(gt(logits, 0), answers)).item(); }

}

int main(int argc, char** argv) {
  std::istringstream here(kBuds);
  std::ifstream file(argc > 1 ? argv[1] : "");
  const std::vector<Bud> buds = read(argc > 1 ? static_cast<std::istream&>(file) : here);
  fmt::print("{} samples\n\n", buds.size());

  Linear model(nullptr, "model", 2, 1);
  Adam adam(model.parameters(), {.learning_rate = 0.1});
  DataLoader loader(buds, {.batch_size = 4, .seed = 1});

  for (int epoch = 0; epoch <= 150; ++epoch) {
    double sum = 0, right = 0;
    for (const auto& batch : loader) {
      std::vector<double> inputs, answers;
      for (const Bud& bud : batch) {
        inputs.insert(inputs.end(), {bud.length, bud.width});
        answers.push_back(bud.opened);
      }
      const int B = static_cast<int>(batch.size());
      Tape tape;
      Tensor x = constant({B, 2}, inputs), t = constant({B, 1}, answers);
      Tensor logits = model(x);  // w · x + b, of which σ would be the probability
      Tensor loss =
          binary_cross_entropy_with_logits(logits, t);  // the logarithm of σ is taken inside, where it is safe
      tape.backward(loss);
      adam.step({.zero_grads = true});
      sum += loss.item() * B;
      right += sum_of_right(logits, t);
    }
    const double n = static_cast<double>(buds.size());
    if (epoch % 50 == 0) fmt::print("epoch {:3}  loss {:.2f}  right {:.0f} %\n", epoch, sum / n, 100 * right / n);
  }

  Tape tape(Tape::Inference);
  Tensor p = sigmoid(model(constant({{1.5, 0.4}, {3.1, 1.6}, {5.0, 1.7}})));
  fmt::print("\na small bud {:.1f}, one in between {:.1f}, a large one {:.1f}\n", p.value()[0], p.value()[1],
             p.value()[2]);
}
