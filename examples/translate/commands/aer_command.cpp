#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/metrics/alignment_error.h"
#include "examples/translate/text/text.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Compares word alignments in the file HYP, a line a sentence pair as `0-0 1-2`, with the true ones in REF: the alignment
error rate is the better the smaller it is. In REF `0-0` is a sure link and `1?2` a possible one, which may be there or
not. Words count from 0. To align text with a model there is `gradus evaluate --alignments`.

Examples:
  gradus aer hyp.align test.align
)";

struct Options {
  std::string hypotheses, references;
};

int run(const Options& options) {
  const std::vector<TrueAlignment> truth = read_alignments(options.references);
  std::vector<std::vector<Link>> links;
  for (TrueAlignment& alignment : read_alignments(options.hypotheses)) links.push_back(std::move(alignment.possible));
  require_equal_lengths("aer", options.hypotheses, links.size(), options.references, truth.size());
  const AlignmentError error = alignment_error(links, truth);
  if (error.links == 0 && std::ranges::all_of(truth, [](const auto& line) { return line.possible.empty(); })) {
    fail("aer: {}, {}: no link to compare", options.hypotheses, options.references);
  }
  write_output(summary(error) + "\n");
  return 0;
}

}

Command add_aer(CLI::App& program) {
  CLI::App* command = program.add_subcommand("aer", "Compare word alignments in files: the alignment error rate");
  const auto options = std::make_shared<Options>();
  command->add_option("hyp", options->hypotheses, "Alignments, one a line")->type_name("HYP")->required();
  command->add_option("ref", options->references, "True alignments, as many lines")->type_name("REF")->required();
  command->footer(kExamples);
  return {command, [options] { return run(*options); }};
}

}
