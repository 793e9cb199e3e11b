#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/common_options.h"
#include "examples/translate/report/attention_map.h"
#include "examples/translate/translator/model_folder.h"
#include "nn/storage/atomic_file.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples = R"(Translates a sentence and shows, for every word of the translation, which words of
the source the model looked at: rows are target words, columns source words, and each row sums to one. Words are those of the
model: for subwords, `▁` stands before the first one of a word.

Examples:
  gradus attend --model m "ein mann geht ."
  gradus attend --model m "ein mann geht ." --out heat.svg
)";

struct Arguments {
  std::string model, out;
  std::vector<std::string> sentence;
  SearchOptions search;
};

size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : TerminalOptions().width;
}

int run(const Arguments& options) {
  require_sense(options.search);
  const std::string line = join_words(options.sentence);
  require_utf8("attend", "sentence", line);
  const std::unique_ptr<Translator> translator = load_translator(options.model);
  if (!translator->config.attention.present)
    fail("attend: the model in {} has no attention to show; it was trained with --attention none", options.model);
  ThreadPool pool(1);
  const AttentionMap attended = attention_map(*translator, line, options.search, pool);
  if (attended.map.source.empty()) fail("attend: the sentence has no word");
  const Heatmap& map = attended.map;
  write_output(attended.translation + "\n");
  if (options.out.empty()) {
    write_output("\n");
    write_output(heatmap_text(map, {.colour = terminal_colour(STDOUT_FILENO), .width = terminal_width()}));
  } else {
    write_file_atomically(options.out, heatmap_svg(map));
    write_output(fmt::format("heat map written to {}\n", options.out));
  }
  return 0;
}

}

Command attend_command() {
  const auto options = std::make_shared<Arguments>();
  return {.name = "attend",
          .help = "Show what a translation attended to",
          .footer = kExamples,
          .options = joined({{model_option(options->model),
                              {.names = "sentence",
                               .target = &options->sentence,
                               .type = "SENTENCE",
                               .help = "The sentence to translate",
                               .required = true},
                              {.names = "-o,--out",
                               .target = &options->out,
                               .type = "FILE",
                               .help = "Write the map as an SVG picture instead of to the terminal"}},
                             search_options(options->search)}),
          .run = [options] { return run(*options); }};
}

}
