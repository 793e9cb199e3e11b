#include <fmt/core.h>

#include <memory>
#include <utility>

#include "examples/captioner/commands/commands.h"
#include "examples/captioner/files/png_file.h"
#include "examples/captioner/shapes/drawings.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/write_output.h"
#include "nn/storage/atomic_file.h"

namespace gradus::captioner {

namespace {

constexpr const char* kDrawExamples =
    R"(Writes small pictures of coloured shapes as PNG files, and a text in which each line is the name of one, a tab, and its
caption: captions.txt, of those to learn from, and test.txt, of the others.

Examples:
  gradus-captioner draw shapes
  gradus-captioner train --pictures shapes --model m --side 32 \
      --test shapes/test.txt
)";

struct DrawArguments {
  std::string folder;
  int count = 1000, test = 100;
  std::uint64_t seed = 1;
  bool force = false;
};

int run(const DrawArguments& options) {
  require_libpng();
  const std::string& folder = options.folder;
  const std::vector<Drawing> drawings =
      make_drawings(derive_seed(options.seed, "draw"), options.count + options.test, Combinations::Seen);
  std::string captions, test;
  translate::make_empty_folder("draw", folder, options.force);
  for (int i = 0; i < static_cast<int>(drawings.size()); ++i) {
    const auto& [picture, caption] = drawings[static_cast<std::size_t>(i)];
    const std::string name = fmt::format("{:04}.png", i + 1);
    write_file_atomically(fmt::format("{}/{}", folder, name), png_bytes(picture.image));
    (i < options.count ? captions : test) += fmt::format("{}\t{}\n", name, text_of(caption.words));
  }
  write_file_atomically(folder + "/captions.txt", captions);
  if (options.test > 0) write_file_atomically(folder + "/test.txt", test);
  translate::write_output(
      fmt::format("{} holds {} pictures with captions, and {} to test\n", folder, options.count, options.test));
  return 0;
}

}

translate::Command draw_command() {
  const auto options = std::make_shared<DrawArguments>();
  translate::Options all = translate::empty_folder_options(options->folder, options->force);
  all.insert(all.begin() + 1,
             {{.names = "--count",
               .target = &options->count,
               .type = "N",
               .help = "Pictures to learn from",
               .range = {1, 1'000'000}},
              {.names = "--test",
               .target = &options->test,
               .type = "N",
               .help = "Pictures to test with",
               .range = {0, 1'000'000}},
              {.names = "--seed", .target = &options->seed, .type = "N", .help = "Seed of the pictures"}});
  return {.name = "draw",
          .help = "Draw pictures of coloured shapes, with captions, to try it with",
          .footer = kDrawExamples,
          .options = std::move(all),
          .run = [options] { return run(*options); }};
}

}
