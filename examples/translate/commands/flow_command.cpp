#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "autograd/error.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/flow/flow_page.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/translator/model_folder.h"

namespace gradus::translate {

namespace {

constexpr const char* kFlowExamples =
    R"(Follows gradients through time: how much of the loss of each word of a translation reaches each state of encoder and
decoder, through the recurrence and through attention. Tables have the mean norm by the number of recurrent steps
between the two, and sentences say where the gradient is lost. The page shows it for every pair, word by word, with
the models beside each other. Nothing is trained; dropout is off. With the sizes of the presets a pair takes half a
second.

Examples:
  gradus flow --model m --test test.de test.en
  gradus flow --model attention lstm rnn --test test.de test.en --out flow.html
  gradus flow --model m --untrained --test test.de test.en --out flow.html
)";

struct FlowArguments {
  std::vector<std::string> models, test;
  OutputFile out;
  size_t sentences = 20;
  bool untrained = false;
};

/// `LSTM, attention, both directions`
std::string kind_of(const ModelConfig& config) {
  std::string text = name_of(config.cell.value);
  text += config.attention.present ? ", attention"
          : config.fixed_context   ? ", no attention, fixed context"
                                   : ", no attention";
  text += config.bidirectional ? ", both directions" : config.reverse_source ? ", reversed source" : ", one direction";
  if (config.encoder_layers > 1) text += fmt::format(", {} layers", config.encoder_layers.value);
  return text;
}

ModelFlow flow_of(Translator& translator, const std::string& name, bool trained, const ParallelText& text) {
  const TrainConfig& config = translator.config;
  ModelFlow flow{
      .name = name, .kind = kind_of(config), .attends = config.attention.present, .trained = trained, .sentences = {}};
  const std::vector<Pair> pairs = translator.encode(text);
  Progress progress(stderr);
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (progress.due()) progress.show(fmt::format("{}: sentence {} of {}", name, i + 1, pairs.size()));
    const auto words = [](const Language& language, const std::string& line) {
      std::vector<std::string> words = language.split(line);
      words.push_back(language.vocabulary.word(kEnd));
      return words;
    };
    flow.sentences.push_back({words(translator.source, text.source[i]), words(translator.target, text.target[i]),
                              gradient_flow(translator.model, pairs[i])});
  }
  return flow;
}

/// The first pairs of the test text.
ParallelText first_pairs(const FlowArguments& options) {
  ParallelText text = read_parallel(options.test[0], options.test[1]);
  if (text.source.empty())
    fail("{}, {}: no sentence pair to follow gradients in", input_name(options.test[0]), input_name(options.test[1]));
  const size_t count = std::min(options.sentences, text.source.size());
  text.source.resize(count);
  text.target.resize(count);
  return text;
}

int run(const FlowArguments& options) {
  require_page("flow", options.out);
  const ParallelText text = first_pairs(options);
  std::vector<std::unique_ptr<Translator>> translators;
  for (const std::string& directory : options.models) {  // all errors before all work
    translators.push_back(load_translator(directory));
    require_recurrent(translators.back()->model, fmt::format("flow: the model in {}", directory));
  }
  std::vector<ModelFlow> flows;
  for (size_t i = 0; i < translators.size(); ++i) {
    Translator& translator = *translators[i];
    flows.push_back(flow_of(translator, options.models[i], true, text));
    if (!options.untrained) continue;
    Translator fresh(translator.config, translator);
    flows.push_back(flow_of(fresh, fmt::format("{}, untrained", options.models[i]), false, text));
  }
  const std::string pairs = fmt::format("the first {} of {}, {}", text.source.size(), input_name(options.test[0]),
                                        input_name(options.test[1]));
  std::string findings;
  for (const std::string& finding : flow_findings(flows)) {
    const char* indent = "";
    for (const std::string& line : wrapped(finding, terminal_width(STDOUT_FILENO) - 2)) {
      findings += fmt::format("{}{}\n", indent, line);
      indent = "  ";
    }
  }
  if (options.out.is_wanted()) {
    options.out.write(flow_page(flows, {{"sentence pairs", pairs}}));
    options.out.tell(findings + options.out.written("page"));
  } else {
    write_output(fmt::format("sentence pairs: {}\n\n{}\n{}", pairs, flow_tables(flows), findings));
  }
  return 0;
}

}

Command flow_command() {
  const auto options = std::make_shared<FlowArguments>();
  return {
      .name = "flow",
      .help = "Show how far gradients come through time",
      .group = "Look inside",
      .footer = kFlowExamples,
      .options = joined({{models_option(options->models, "Folder of the model; several are shown beside each other"),
                          {.names = "-t,--test",
                           .target = &options->test,
                           .type = "SRC TGT",
                           .help = "Files of as many lines: sentences and their translations",
                           .required = true,
                           .is_input = true,
                           .count = {.least = 2, .most = 2}},
                          {.names = "--sentences",
                           .target = &options->sentences,
                           .type = "N",
                           .help = "The first so many pairs",
                           .range = {1, 10'000}},
                          {.names = "--untrained",
                           .target = &options->untrained,
                           .help = "Each model once more, with the first values of its configuration and seed"}},
                         options->out.options("-o,--out", "Write a page (.html) instead of the tables")}),
      .run = [options] { return run(*options); }};
}

}
