#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "examples/captioner/commands/commands.h"
#include "examples/captioner/files/panels.h"
#include "examples/captioner/shapes/drawings.h"
#include "examples/captioner/training.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/write_output.h"
#include "nn/storage/atomic_file.h"

namespace gradus::captioner {

namespace {

constexpr const char* kShapesExamples =
    R"(Draws pictures of coloured shapes, learns to describe them, and tells how often captions are right, and how often the patch
that was attended to most shows the thing that a word names. It needs no files.

Examples:
  gradus-captioner shapes --out captions
  gradus-captioner shapes --out captions --encoder convolution
)";

struct ShapesArguments : ConfigWithOptions {
  int count = 20'000, test = 1'000, show = 4;
  bool uniform = false, force = false;
  std::string out = "captions";
};

translate::Options options_of(ShapesArguments& arguments) {
  constexpr translate::Range kCounts{1, 1'000'000};
  return translate::joined(
      {{{.names = "--out",
         .target = &arguments.out,
         .type = "DIR",
         .help = "Folder for the SVG pictures; made if it is not there"},
        {.names = "--force", .target = &arguments.force, .help = "Replace files that are there already"},
        {.names = "--show",
         .target = &arguments.show,
         .type = "N",
         .help = "Test pictures to draw with what each word looked at",
         .range = {0, 10'000}},
        {.names = "--count",
         .target = &arguments.count,
         .type = "N",
         .help = "Pictures to learn from",
         .range = kCounts},
        {.names = "--test", .target = &arguments.test, .type = "N", .help = "Pictures of each test", .range = kCounts},
        {.names = "--uniform",
         .target = &arguments.uniform,
         .help = "Weigh all patches alike, to see what attention is worth"}},
       arguments.options({"encoder", "steps", "seed"})});
}

std::string score_line(const char* name, const Scores& scores) {
  return fmt::format("{:<42} {:8.1f} {:8.1f} {:8.1f}\n", name, 100 * scores.captions, 100 * scores.words,
                     100 * scores.looks);
}

std::string panels_of(const Picture& picture, const Description& description) {
  std::vector<PanelWord> words;
  for (std::size_t t = 0; t < description.words.size() && description.words[t] != kEnd; ++t) {
    words.push_back({kWords[description.words[t]], description.weights[t]});
  }
  return panels_svg(drawn_pixels(picture.image), words);
}

int run(const ShapesArguments& options) {
  make_folder(options.out);
  std::vector<translate::OutputFile> files;
  for (int i = 0; i < std::min(options.show, options.test); ++i) {
    files.push_back({fmt::format("{}/{}.svg", options.out, i + 1), options.force});
    files.back().require_writable("shapes");
  }

  const CaptionerConfig& config = options.config;
  const auto drawings = [&](const char* name, int count, Combinations combinations) {
    return make_drawings(derive_seed(config.seed, name), count, combinations);
  };
  const std::vector<Drawing> train_set = drawings("train", options.count, Combinations::Seen);
  const std::vector<Drawing> seen = drawings("test", options.test, Combinations::Seen);
  const std::vector<Drawing> held_out = drawings("held out", options.test, Combinations::HeldOut);
  Captioner model(config, kWordCount);
  if (options.uniform) model.attention.scope = std::make_unique<UniformScope>();
  translate::write_output(fmt::format("{} pictures, {} parameters\n", options.count, model.parameter_count()));
  train(model, config, examples_of(train_set), [tell = loss_lines(config.steps)](int step, double loss) {
    tell(step, loss);
    return true;
  });

  translate::write_output(fmt::format("\n{:<42} {:>8} {:>8} {:>8}\n", "right, per cent", "captions", "words", "looks") +
                          score_line("new pictures", evaluate(model, seen)) +
                          score_line("new combinations of a colour and a form", evaluate(model, held_out)) + "\n");
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& [picture, caption] = seen[i];
    const Image* const shown = &picture.image;
    const Description description = model.describe({&shown, 1}, kMaxWords).front();
    files[i].write(panels_of(picture, description));
    translate::write_output(fmt::format("{}: {}\n", files[i].path, text_of(description.words)));
    if (description.words != caption.words)
      translate::write_output(fmt::format("  right: {}\n", text_of(caption.words)));
  }
  return 0;
}

}

translate::Command shapes_command() {
  const auto options = std::make_shared<ShapesArguments>();
  return {.name = "shapes",
          .help = "Learn from drawn pictures, and measure where it looks",
          .footer = kShapesExamples,
          .options = options_of(*options),
          .run = [options] { return run(*options); }};
}

}
