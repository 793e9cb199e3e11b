#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <list>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/live.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/machine/cores.h"
#include "examples/translate/machine/ranks.h"
#include "examples/translate/machine/shared_work.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/text/input_lines.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/translator/ensemble.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/translate.h"
#include "examples/translate/translator/translation_output.h"
#include "ops/gemm/split_product.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kTranslateExamples =
    R"(Reads one sentence a line, from files or from standard input, and writes one
translation a line. An empty line gives an empty line. On a terminal it asks for one sentence after the other.
With --n-best a line is written for each translation: LINE ||| TRANSLATION ||| LOG-PROBABILITY ||| SCORE, lines counted
from 0; an empty line has one, which is empty. With --alignments, ||| 0-0 2-1 follows the translation: the source word (from 0) that each target word attended
to most, words as they stand between white space; in JSON the same of "source_tokens" and "tokens". Log-probabilities
are natural.

With --live a word is translated while the line still comes, as soon as the model has read enough for it, and is never
taken back. A word of the line is read when a blank follows. The model must be one that reads so: of --scope wait-k,
monotonic or mocha.

Examples:
  gradus translate --model m in.de --out out.en
  gradus translate --model m < in.de > out.en
  gradus translate --model a b --beam 10 --n-best 5 < in.de
  gradus translate --model m --sample --temperature 0.8 --seed 7 < in.de
  echo "ein mann geht ." | gradus translate --model m --json --attention
  gradus translate --model wait-3 --live
)";

struct TranslateArguments {
  std::vector<std::string> models, files;
  OutputFile out;
  SearchOptions search;
  OutputOptions output;
  std::string dictionary;
  std::optional<int> n_best;
  bool live = false;
  int threads = 0;
};

/// What stands after --model may be folders of models or files to translate: it is what it is on the disk.
void sort_out_files(TranslateArguments& options) {
  std::vector<std::string> files;
  const auto move_if_file = [&](const std::string& name) {
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(name, ignored);
    if (std::filesystem::is_directory(status)) return false;
    if (name != kStdin && !std::filesystem::exists(status))
      fail("translate: {}: no such file or folder; need text to translate, or the folder of one more model", name);
    files.push_back(name);
    return true;
  };
  options.models.erase(std::remove_if(options.models.begin() + 1, options.models.end(), move_if_file),
                       options.models.end());
  options.files.insert(options.files.begin(), files.begin(), files.end());
  if (options.files.empty()) options.files.emplace_back(kStdin);
  files = options.files;
  files.push_back(options.dictionary);
  require_one_stdin("translate", files);
}

/// Where translations go: to standard output as they come, into a file all at once.
class Destination {
 public:
  explicit Destination(const OutputFile& file) : file_(file), is_stdout_(!file.is_wanted() || file.is_stdout()) {}

  void add(const std::string& text) {
    if (is_stdout_) {
      write_output(text);
    } else {
      kept_ += text;
    }
  }
  void finish() {
    if (!is_stdout_) file_.write(kept_);
  }

 private:
  const OutputFile& file_;
  bool is_stdout_;
  std::string kept_;
};

/// The files, one after the other, each word as soon as it is decided. Rank 0 does it alone.
int run_live(const TranslateArguments& options) {
  if (options.models.size() > 1) throw UsageError("translate: --live goes with one model");
  if (!load_config(options.models.front()).is_simultaneous()) {
    fail(
        "translate: the model in {} has to see the whole sentence; --live needs one that was trained with --scope "
        "wait-k, monotonic or mocha",
        options.models.front());
  }
  if (ranks().rank() > 0) return 0;
  const Ensemble ensemble(options.models);
  ThreadPool pool(thread_count(options.threads));
  const SplitProducts split(pool);
  Destination destination(options.out);
  const auto write = [&](const std::string& text) { destination.add(text); };
  try {
    for (const std::string& file : options.files)
      translate_live(file, *ensemble.models().front(), options.search, write);
  } catch (const Error&) {
    destination.finish();  // with what was translated before
    throw;
  }
  destination.finish();
  return 0;
}

int run(TranslateArguments options) {
  if (options.n_best) {
    options.search.n_best = *options.n_best;
    options.output.n_best = true;
  }
  require_sense(options.search);
  sort_out_files(options);
  options.out.require_writable("translate");
  if (options.live) return run_live(options);
  const Dictionary dictionary = options.dictionary.empty() ? Dictionary() : Dictionary::load(options.dictionary);
  std::list<InputLines> inputs;  // of all files, so that one that is missing shows before the work begins
  if (ranks().rank() == 0) {
    for (const std::string& file : options.files) inputs.emplace_back(file);
  }
  const Ensemble ensemble(options.models);
  const TranslationWriter writer(ensemble.first(), options.output, dictionary);
  options.search.unknown = options.output.replace_unknown;
  options.search.attention = options.output.alignments || options.output.attention || options.output.replace_unknown;
  ThreadPool pool(thread_count(options.threads));
  const bool interactive = std::ranges::count(options.files, kStdin) > 0 && ::isatty(STDIN_FILENO) != 0;
  const auto prompt = [&] {
    if (interactive) fmt::print(stderr, "> ");
  };

  if (interactive) fmt::print(stderr, "One sentence a line; Ctrl-D ends.\n");
  Destination destination(options.out);
  std::uint64_t number = 0;  // of the next line
  bool has_capitals = false;
  const auto note_capitals = [&](const std::vector<std::string>& lines) {
    if (has_capitals || !ensemble.first().config.lowercase) return;
    has_capitals = std::ranges::any_of(lines, has_capital);
    if (has_capitals)
      fmt::print(stderr, "gradus: {}: trained with --lowercase, it reads and writes lower case only\n",
                 options.models.front());
  };
  const auto translate = [&](std::span<const std::string> lines) {  // on all ranks together
    const auto output = share_texts(ranks(), lines.size(), [&](size_t begin, size_t end) {
      const auto own = lines.subspan(begin, end - begin);
      const auto translations = translate_lines(ensemble.models(), own, number + begin, options.search, pool);
      std::vector<std::string> texts;
      for (size_t i = 0; i < own.size(); ++i)
        texts.push_back(writer.write(translations[i], own[i], number + begin + i));
      return texts;
    });
    number += lines.size();
    return output;
  };
  if (ranks().rank() > 0) {
    while (true) {
      const std::vector<std::string> lines = broadcast_texts(ranks(), {});
      if (lines.empty()) return 0;
      translate(lines);
    }
  }
  const auto next_lines = [&](InputLines& input) {
    try {
      return input.next();
    } catch (const Error&) {
      broadcast_texts(ranks(), {});  // lets the other ranks end
      throw;
    }
  };
  const auto translate_all = [&](InputLines& input) {
    prompt();
    for (auto lines = next_lines(input); !lines.empty(); lines = next_lines(input)) {
      note_capitals(lines);
      broadcast_texts(ranks(), lines);
      destination.add(join_words(translate(lines), ""));
      prompt();
    }
  };
  try {
    for (InputLines& input : inputs) translate_all(input);
  } catch (const Error&) {
    destination.finish();  // with what was translated before
    throw;
  }
  broadcast_texts(ranks(), {});
  destination.finish();
  if (interactive) fmt::print(stderr, "\n");
  return 0;
}

Options output_options(TranslateArguments& options) {
  constexpr const char* kOutput = "Output";
  return {
      {.names = "--n-best",
       .target = &options.n_best,
       .type = "N",
       .help = "Write the N best translations of each line, with their scores",
       .group = kOutput,
       .range = {1, 1000}},
      {.names = "--alignments",
       .target = &options.output.alignments,
       .help = "Write which source word each word was made from",
       .group = kOutput},
      {.names = "--json", .target = &options.output.json, .help = "Write a JSON object a line", .group = kOutput},
      {.names = "--attention",
       .target = &options.output.attention,
       .help = "Put the attention weights into the JSON objects",
       .group = kOutput,
       .needs = "--json"},
      {.names = "--replace-unknown",
       .target = &options.output.replace_unknown,
       .help = "Copy a word that the model does not know from the source. It is the one that <unk> attended to most",
       .group = kOutput},
      {.names = "--dictionary",
       .target = &options.dictionary,
       .type = "FILE",
       .help = "Translate the words copied so. Lines of FILE have a source word, a tab and its translation",
       .group = kOutput,
       .is_input = true,
       .needs = "--replace-unknown"},
      {.names = "--live",
       .target = &options.live,
       .help = "Translate while a line still comes, word by word. It is a greedy search, by a model that needs no more "
               "than the beginning of a line",
       .group = kOutput,
       .excludes = "--n-best,--alignments,--json,--attention,--replace-unknown,--beam,--stop,--min-length-ratio,"
                   "--max-length-ratio,--length-penalty,--length-power,--coverage-penalty,--sample"},
  };
}

}

Command translate_command() {
  const auto options = std::make_shared<TranslateArguments>();
  return {.name = "translate",
          .help = "Translate sentences, one a line",
          .group = "Train and translate",
          .footer = kTranslateExamples,
          .short_help = {{"Text and model", "file,model,out"},
                         {"Output", "n-best,alignments,json,replace-unknown,live"},
                         {"Search", "beam,max-length,length-power,sample,temperature,threads"}},
          .options = joined({{models_option(options->models),
                              {.names = "file",
                               .target = &options->files,
                               .type = "FILE",
                               .help = "Text, one sentence a line; otherwise standard input. Several files are "
                                       "translated one after the other",
                               .is_input = true},
                              threads_option(options->threads)},
                             options->out.options("-o,--out", "Write the translations into a file"),
                             output_options(*options),
                             search_options(options->search),
                             sampling_options(options->search)}),
          .run = [options] { return run(*options); },
          .on_all_ranks = true};
}

}
