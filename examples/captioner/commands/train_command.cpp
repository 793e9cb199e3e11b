#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "autograd/error.h"
#include "examples/captioner/commands/commands.h"
#include "examples/captioner/files/captions_file.h"
#include "examples/captioner/files/png_file.h"
#include "examples/captioner/files/trained_captioner.h"
#include "examples/captioner/training.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/metrics/bleu.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/write_output.h"
#include "examples/translate/translator/new_model.h"

namespace gradus::captioner {

namespace {

constexpr const char* kTrainExamples =
    R"(Each line of FILE is the name of a PNG file in the folder, a tab, and a caption of it, as UTF-8. A picture may have several
captions, on lines of their own. Pictures of any size are scaled to a square of --side pixels, by the mean of what each of these
covers; what is not square is stretched. Captions are learned in lower case.

Ctrl-C ends the training after the current step, and keeps the model of that step.

Examples:
  gradus-captioner train --pictures photos --captions captions.txt --model m
  gradus-captioner train --pictures photos --captions captions.txt --model m \
      --test test.txt --encoder convolution
)";

constexpr int kSide = 64;

struct TrainArguments : ConfigWithOptions {
  TrainArguments() { config.side = kSide; }

  std::string pictures, captions, test, model;
  bool force = false;
};

/// The captions as numbers, with the images that they are of. Throws Error for one that is too long.
std::vector<Example> examples_of(const CaptionedPictures& captioned, const std::vector<Image>& images,
                                 const translate::Language& language, int max_words) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto& picture = captioned.pictures[i];
    for (std::size_t k = 0; k < picture.captions.size(); ++k) {
      examples.push_back({&images[i], language.encode(picture.captions[k])});
      const std::size_t words = examples.back().words.size() - 1;
      if (words > static_cast<std::size_t>(max_words))
        fail("{}: the caption has {} words; need {} at most, or more --max-words", picture.places[k], words, max_words);
    }
  }
  return examples;
}

translate::Language learn_language(const CaptionedPictures& captioned, int min_frequency) {
  translate::Language language = caption_language();
  translate::WordFrequencies frequencies;
  for (const auto& picture : captioned.pictures) {
    for (const std::string& caption : picture.captions) frequencies.add(language.split(caption));
  }
  language.vocabulary = frequencies.vocabulary(static_cast<std::size_t>(min_frequency));
  return language;
}

/// How well the pictures are described: BLEU, with all captions of a picture as references, and how many descriptions
/// are one of them.
std::string score_line(TrainedCaptioner& captioner, const CaptionedPictures& captioned,
                       const std::vector<Image>& images) {
  std::vector<const Image*> pointers;
  for (const Image& image : images) pointers.push_back(&image);
  const translate::Bleu bleu({.lowercase = true});
  translate::References references;
  std::vector<std::string> texts;
  int right = 0;
  for (const Description& description : captioner.model.describe(pointers, captioner.config.max_words)) {
    const auto& given = captioned.pictures[texts.size()].captions;
    right += std::ranges::any_of(
        given, [&](const std::string& caption) { return captioner.language.encode(caption) == description.words; });
    texts.push_back(captioner.text(description));
    references.push_back(given);
  }
  const auto sums = translate::corpus_statistics(bleu, texts, references).sums();
  return fmt::format("{} pictures: BLEU {:.1f}, {:.1f} % of the captions are one of those given\n", texts.size(),
                     bleu.score(sums), 100.0 * right / static_cast<double>(texts.size()));
}

int run(TrainArguments& options) {
  require_libpng();
  const CaptionerConfig& config = options.config;
  config.check();
  if (options.captions.empty()) options.captions = options.pictures + "/captions.txt";
  if (!options.force) require_no_model("train", options.model);
  const CaptionedPictures captioned = read_captions(options.pictures, options.captions);
  const CaptionedPictures test =
      options.test.empty() ? CaptionedPictures() : read_captions(options.pictures, options.test);
  const std::vector<Image> images = captioned.images(config.side), test_images = test.images(config.side);
  TrainedCaptioner captioner(config, learn_language(captioned, config.min_frequency));
  const std::vector<Example> examples = examples_of(captioned, images, captioner.language, config.max_words);
  const translate::InterruptGuard interrupt;  // from here on Ctrl-C leaves a model
  const FolderLock lock = translate::lock_model("train", options.model);
  translate::write_output(fmt::format("{} pictures, {} captions, {} words, {} parameters\n", images.size(),
                                      examples.size(), captioner.language.vocabulary.size(),
                                      captioner.model.parameter_count()));

  int last = 0;
  train(captioner.model, config, examples, [&, tell = loss_lines(config.steps)](int step, double loss) {
    tell(step, loss);
    last = step;
    return !translate::InterruptGuard::raised();
  });
  save_captioner(options.model, captioner);
  if (last < config.steps) {
    fmt::print(stderr, "gradus-captioner: interrupted; {} holds the model of step {}\n", options.model, last);
    return translate::kInterrupted;
  }
  captioner.model.eval();
  translate::write_output("learned from: " + score_line(captioner, captioned, images));
  if (!test_images.empty()) translate::write_output("test:         " + score_line(captioner, test, test_images));
  translate::write_output(fmt::format("{} holds the model\n", options.model));
  return 0;
}

}

translate::Command train_command() {
  const auto options = std::make_shared<TrainArguments>();
  return {
      .name = "train",
      .help = "Learn to describe pictures from some with captions",
      .footer = kTrainExamples,
      .options = translate::joined(
          {{{.names = "--pictures",
             .target = &options->pictures,
             .type = "DIR",
             .help = "Folder of the PNG files",
             .required = true},
            {.names = "--captions",
             .target = &options->captions,
             .type = "FILE",
             .help = "Names of pictures and their captions. Without it, captions.txt in that folder",
             .is_input = true},
            {.names = "--test",
             .target = &options->test,
             .type = "FILE",
             .help = "Captions of other pictures of the folder, to tell how well those are described",
             .is_input = true},
            translate::model_option(options->model),
            {.names = "--force", .target = &options->force, .help = "Replace a model that is in the folder already"}},
           options->options()}),
      .run = [options] { return run(*options); }};
}

}
