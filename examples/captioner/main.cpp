#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "examples/captioner/panels.h"
#include "examples/captioner/training.h"
#include "examples/translate/base/number.h"
#include "examples/translate/options/command_line.h"
#include "nn/storage/atomic_file.h"

namespace gradus::captioner {

namespace {

struct Arguments {
  TrainingOptions training;
  int pictures = 20'000, test = 1'000, show = 4;
  bool uniform = false;
  std::string out = "captions";
};

translate::Options options_of(Arguments& arguments) {
  constexpr translate::Range kCounts{1, 1'000'000};
  return {
      {.names = "--out",
       .target = &arguments.out,
       .type = "DIR",
       .help = "Folder for the SVG pictures; made if it is not there"},
      {.names = "--show",
       .target = &arguments.show,
       .type = "N",
       .help = "Test pictures to draw with what each word looked at",
       .range = {0, 10'000}},
      {.names = "--pictures",
       .target = &arguments.pictures,
       .type = "N",
       .help = "Pictures to train on",
       .range = kCounts},
      {.names = "--test", .target = &arguments.test, .type = "N", .help = "Pictures of each test", .range = kCounts},
      {.names = "--steps",
       .target = &arguments.training.steps,
       .type = "N",
       .help = "Steps of training",
       .range = kCounts},
      {.names = "--uniform",
       .target = &arguments.uniform,
       .help = "Weigh all patches alike, to see what attention is worth"},
      {.names = "--seed",
       .target = &arguments.training.seed,
       .type = "N",
       .help = "Seed of pictures, first values and batches"},
  };
}

void print_scores(const char* name, const Scores& scores) {
  fmt::print("{:<42} {:8.1f} {:8.1f} {:8.1f}\n", name, 100 * scores.captions, 100 * scores.words, 100 * scores.looks);
}

void draw(Captioner& model, std::span<const Example> examples, const std::string& folder) {
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto& [picture, caption] = examples[i];
    const Picture* const shown = &picture;
    const Description description = model.describe({&shown, 1}).front();
    const std::string path = fmt::format("{}/{}.svg", folder, i + 1);
    write_file_atomically(path, panels_svg(picture, description));
    fmt::print("{}: {}\n", path, text_of(description.words));
    if (description.words != caption.words) fmt::print("  right: {}\n", text_of(caption.words));
  }
}

int run(const Arguments& options) {
  make_folder(options.out);

  const std::uint64_t seed = options.training.seed;
  const auto examples = [&](const char* name, int count, Combinations combinations) {
    return make_examples(derive_seed(seed, name), count, combinations);
  };
  const std::vector<Example> train_set = examples("train", options.pictures, Combinations::Seen);
  const std::vector<Example> seen = examples("test", options.test, Combinations::Seen);
  const std::vector<Example> held_out = examples("held out", options.test, Combinations::HeldOut);
  Captioner model(seed);
  if (options.uniform) model.attention.scope = std::make_unique<UniformScope>();
  fmt::print("{} pictures, {} parameters\n", options.pictures, model.parameter_count());
  double recent = 0;
  train(model, train_set, options.training, [&](int step, double loss) {
    constexpr int kEvery = 200;
    recent += loss / kEvery;
    if (step % kEvery != 0) return;
    fmt::print("step {:5}  loss {}\n", step, translate::readable(recent, 3));
    std::fflush(stdout);
    recent = 0;
  });

  fmt::print("\n{:<42} {:>8} {:>8} {:>8}\n", "right, per cent", "captions", "words", "looks");
  print_scores("new pictures", evaluate(model, seen));
  print_scores("new combinations of a colour and a form", evaluate(model, held_out));
  fmt::print("\n");
  draw(model, std::span(seen).first(std::min(options.show, options.test)), options.out);
  return 0;
}

}

}

int main(int argc, char** argv) {
  using namespace gradus::captioner;
  Arguments arguments;
  return gradus::translate::run_program(
      {.name = "gradus-captioner",
       .help = "Learns to describe pictures of coloured shapes, and shows where it looks for each word.",
       .options = options_of(arguments),
       .run = [&] { return run(arguments); }},
      argc, argv);
}
