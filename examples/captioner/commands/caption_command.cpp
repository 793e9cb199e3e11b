#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "autograd/error.h"
#include "examples/captioner/commands/commands.h"
#include "examples/captioner/files/panels.h"
#include "examples/captioner/files/png_file.h"
#include "examples/captioner/files/trained_captioner.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/write_output.h"
#include "nn/storage/atomic_file.h"

namespace gradus::captioner {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCaptionExamples =
    R"(Prints a line for each picture: its name, a tab, and its caption. With --out there is an SVG for each of them besides, the
picture once more for each word, darkened but for what the word looked at.

Examples:
  gradus-captioner caption --model m new.png
  gradus-captioner caption --model m new/*.png --out panels
)";

struct CaptionArguments {
  std::string model, out;
  std::vector<std::string> pictures;
  bool force = false;
};

/// An SVG for each picture, named after it; none if no folder is given.
std::vector<translate::OutputFile> panel_files(const CaptionArguments& options) {
  std::vector<translate::OutputFile> files;
  if (options.out.empty()) return files;
  make_folder(options.out);
  for (const std::string& picture : options.pictures) {
    const std::string path = (fs::path(options.out) / fs::path(picture).stem()).string() + ".svg";
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].path == path)
        fail("caption: {} and {} would both be drawn as {}", options.pictures[i], picture, path);
    }
    files.push_back({path, options.force});
    files.back().require_writable("caption");
  }
  return files;
}

int run(const CaptionArguments& options) {
  require_libpng();
  const std::unique_ptr<TrainedCaptioner> captioner = load_captioner(options.model);
  const std::vector<translate::OutputFile> files = panel_files(options);
  const int side = captioner->config.side;
  for (std::size_t i = 0; i < options.pictures.size(); ++i) {
    const Image picture = read_png(options.pictures[i]), seen = scaled(picture, side, side);
    const Image* const pointer = &seen;
    const Description description = captioner->model.describe({&pointer, 1}, captioner->config.max_words).front();
    translate::write_output(fmt::format("{}\t{}\n", options.pictures[i], captioner->text(description)));
    if (files.empty()) continue;
    std::vector<PanelWord> words;
    for (std::size_t t = 0; t < description.words.size() && description.words[t] != kEnd; ++t) {
      words.push_back({captioner->language.text({description.words[t]}), description.weights[t]});
    }
    files[i].write(panels_svg(embedded_png(picture), words));
  }
  return 0;
}

}

translate::Command caption_command() {
  const auto options = std::make_shared<CaptionArguments>();
  return {
      .name = "caption",
      .help = "Describe pictures, and show where it looks",
      .footer = kCaptionExamples,
      .options =
          {translate::model_option(options->model),
           {.names = "picture", .target = &options->pictures, .type = "FILE", .help = "PNG files", .required = true},
           {.names = "--out",
            .target = &options->out,
            .type = "DIR",
            .help = "Folder for SVG pictures of what each word looked at; made if it is not there"},
           {.names = "--force", .target = &options->force, .help = "Replace files that are there already"}},
      .run = [options] { return run(*options); }};
}

}
