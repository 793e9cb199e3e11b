#include <algorithm>
#include <memory>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/metrics/alignment_error.h"
#include "examples/translate/text/text.h"

namespace gradus::translate {

namespace {

constexpr const char* kAerExamples =
    R"(Compares word alignments in the file HYP, a line a sentence pair as `0-0 1-2`, with the true ones in REF: the alignment
error rate is the better the smaller it is. In REF `0-0` is a sure link and `1?2` a possible one, which may be there or
not. Words count from 0. To align text with a model there is `gradus evaluate --alignments`.

Examples:
  gradus aer hyp.align test.align
)";

struct AerArguments {
  std::string hypotheses, references;
};

int run(const AerArguments& options) {
  const std::vector<TrueAlignment> truth = read_alignments(options.references);
  std::vector<std::vector<Link>> links;
  for (TrueAlignment& alignment : read_alignments(options.hypotheses)) links.push_back(std::move(alignment.possible));
  require_equal_lengths("aer", options.hypotheses, links.size(), options.references, truth.size());
  const AlignmentError error = alignment_error(links, truth);
  if (error.links == 0 && std::ranges::all_of(truth, [](const auto& line) { return line.possible.empty(); })) {
    fail("aer: {}, {}: no link to compare", input_name(options.hypotheses), input_name(options.references));
  }
  write_output(summary(error) + "\n");
  return 0;
}

}

Command aer_command() {
  const auto options = std::make_shared<AerArguments>();
  return {.name = "aer",
          .help = "Measure word alignments in a file: the alignment error rate",
          .group = "Measure",
          .footer = kAerExamples,
          .options = {{.names = "hyp",
                       .target = &options->hypotheses,
                       .type = "HYP",
                       .help = "Alignments, one a line",
                       .required = true,
                       .is_input = true},
                      {.names = "ref",
                       .target = &options->references,
                       .type = "REF",
                       .help = "True alignments, as many lines",
                       .required = true,
                       .is_input = true}},
          .run = [options] { return run(*options); }};
}

}
