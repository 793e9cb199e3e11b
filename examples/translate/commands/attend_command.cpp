#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/report/attention_map.h"
#include "examples/translate/report/player/translation_page.h"
#include "examples/translate/translator/model_folder.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kAttendExamples =
    R"(Translates a sentence and shows, for every word of the translation, which words of
the source the model looked at: rows are target words, columns source words, and each row sums to one. Words are those of the
model; of subwords, the first one of a word has a mark.

A page (--out FILE.html) steps through the translation in a browser: encoder, query, scores, weights, context, the
likeliest words, the search. Of two models, it shows both side by side, on the translation of the first. Words after --model
that are no folders of models belong to the sentence.

Examples:
  gradus attend --model m "ein mann geht ."
  gradus attend --model m "ein mann geht ." --out heat.png
  gradus attend --model m "ein mann geht ." --out translation.html --saliency
  gradus attend --model m "ein mann geht ." --target "a man walks ."
  gradus attend --model a b "ein mann geht ." --out translation.html
)";

struct AttendArguments {
  std::vector<std::string> models, sentence;
  std::string target;
  OutputFile out;
  bool has_target = false, saliency = false;
  SearchOptions search;
};

/// What a command line asks for.
struct Request {
  std::vector<std::string> models;
  std::string sentence;
  std::string first_word;  ///< of the sentence, if it stands right behind the models and apart from the others
};

/// What stands after --model may be folders of models or the sentence: what is no such folder is a word of it, unless
/// it looks like a path.
Request request_of(const AttendArguments& options) {
  const auto is_word = [](const std::string& name) {
    const bool is_path = name.find('/') != std::string::npos && name.find(' ') == std::string::npos;
    return !is_path && !holds_model(name);
  };
  const auto words = std::find_if(options.models.begin() + 1, options.models.end(), is_word);
  std::vector<std::string> sentence(words, options.models.end());
  sentence.insert(sentence.end(), options.sentence.begin(), options.sentence.end());
  if (sentence.empty()) throw UsageError("sentence is required");
  const bool apart = words != options.models.end() && sentence.size() > 1;
  return {{options.models.begin(), words}, join_words(sentence), apart ? sentence.front() : ""};
}

/// Says on standard error that a word was not taken for a model, if it looks as if one was meant: the model does not
/// know it, and a model beside it is called much the same.
void tell_missed_model(const Request& request, const Language& language) {
  if (request.first_word.empty() || language.unknown(request.first_word).empty()) return;
  const std::filesystem::path beside = std::filesystem::path(request.models.front()).parent_path();
  std::vector<std::string> models;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(beside.empty() ? "." : beside, error)) {
    if (holds_model(entry.path().string())) models.push_back((beside / entry.path().filename()).string());
  }
  const std::string meant = nearest(request.first_word, models);
  if (meant.empty()) return;
  fmt::print(stderr, "gradus: attend: {} is no folder of a model, so it is a word of the sentence; did you mean {}?\n",
             request.first_word, meant);
}

/// Says on standard error what may not be as it was meant.
void tell_doubts(const AttendArguments& options, const Request& request, const Translator& translator) {
  tell_missed_model(request, translator.source);
  tell_unknown_words("attend", "source", translator.source, request.sentence);
  if (options.has_target) tell_unknown_words("attend", "target", translator.target, options.target);
}

/// The kind of file to write, if one is wanted. Throws UsageError for options that only a page has a place for.
std::optional<FileKind> kind_of_output(const AttendArguments& options, size_t models) {
  if (models > 2)
    throw UsageError(fmt::format("attend: --model names {} folders; need one, or two to compare", models));
  using enum FileKind;
  std::optional<FileKind> kind;
  if (options.out.is_wanted()) {
    const bool needs_page = models == 2 || options.saliency;
    kind = needs_page ? options.out.kind("attend", {Page, Svg, Png}) : options.out.kind("attend", {Svg, Png, Page});
  }
  if (kind == Page) return kind;
  if (models == 2) throw UsageError("attend: two models stand side by side on a page; need --out FILE.html");
  if (options.saliency) throw UsageError("attend: --saliency is shown on a page; need --out FILE.html");
  return kind;
}

int write_page(const AttendArguments& options, const Request& request) {
  std::vector<std::unique_ptr<Translator>> translators;
  std::vector<ShownModel> models;
  for (const std::string& name : request.models) {
    translators.push_back(load_translator(name));
    models.push_back({translators.back().get(), name});
  }
  tell_doubts(options, request, *translators.front());
  const TranslationPage page =
      translation_page(models, {.source = request.sentence,
                                .target = options.has_target ? std::optional(options.target) : std::nullopt,
                                .search = options.search,
                                .saliency = options.saliency});
  options.out.write(page.html);
  std::string text = page.target + '\n';
  for (size_t m = 0; m < models.size(); ++m)
    text +=
        fmt::format("log P {:.4f}{}\n", page.log_probabilities[m], models.size() > 1 ? " by " + models[m].name : "");
  options.out.tell(text + options.out.written("page"));
  return 0;
}

int run(const AttendArguments& options) {
  require_sense(options.search);
  const Request request = request_of(options);
  require_utf8("attend", "sentence", request.sentence);
  require_utf8("attend", "target", options.target);
  const std::optional<FileKind> kind = kind_of_output(options, request.models.size());
  options.out.require_writable("attend");
  if (kind == FileKind::Page) return write_page(options, request);
  const std::string& directory = request.models.front();
  const std::unique_ptr<Translator> translator = load_translator(directory);
  require_attention(*translator, directory);
  tell_doubts(options, request, *translator);
  ThreadPool pool(1);
  const AttentionMap attended = options.has_target
                                    ? forced_attention_map(*translator, request.sentence, options.target, pool)
                                    : attention_map(*translator, request.sentence, options.search, pool);
  if (attended.map.source.empty()) fail("attend: the sentence has no word");
  const Heatmap& map = attended.map;
  options.out.tell(attended.translation + "\n");
  if (!kind) {
    const TerminalOptions terminal{.colour = terminal_colour(STDOUT_FILENO), .width = terminal_width(STDOUT_FILENO)};
    write_coloured("\n" + heatmap_text(map, terminal) + "\n" + heatmap_legend(terminal.colour));
  } else {
    options.out.write_picture(*kind, heatmap_svg(map));
    options.out.tell(options.out.written("heat map"));
  }
  return 0;
}

}

Command attend_command() {
  const auto options = std::make_shared<AttendArguments>();
  return {.name = "attend",
          .help = "Show which source words a translation was made from",
          .group = "Look inside",
          .footer = kAttendExamples,
          .short_help = {{"Sentence", "model,sentence,target"}, {"Output", "out,saliency"}, {"Search", "beam"}},
          .options = joined(
              {{models_option(options->models, "Folder of the model; of two, a page shows both"),
                {.names = "sentence",
                 .target = &options->sentence,
                 .type = "SENTENCE",
                 .help = "The sentence to translate",
                 .may_be_empty = true},
                {.names = "--target",
                 .target = &options->target,
                 .type = "TEXT",
                 .help = "The translation to look at, instead of what the model makes of the sentence",
                 .may_be_empty = true,
                 .given = &options->has_target},
                {.names = "--saliency",
                 .target = &options->saliency,
                 .help = "Show gradients beside the weights on the page. They say how much each word of the source "
                         "changes the probability of each word"}},
               options->out.options(
                   "-o,--out", "Write a picture of the map (.svg, .png), or a page that plays the translation (.html)"),
               search_options(options->search)}),
          .run = [options] { return run(*options); }};
}

}
