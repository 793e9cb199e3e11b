#include "examples/translate/metrics/alignment_error.h"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

double share(size_t part, size_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

}

double AlignmentError::precision() const { return share(found_possible, links); }
double AlignmentError::recall() const { return share(found_sure, sure); }
double AlignmentError::rate() const { return 1 - share(found_sure + found_possible, links + sure); }

AlignmentError alignment_error(std::span<const std::vector<Link>> links, std::span<const TrueAlignment> truth) {
  if (links.size() != truth.size())
    fail("alignment error: {} sentence pairs have links, {} true ones", links.size(), truth.size());
  AlignmentError error;
  for (size_t i = 0; i < links.size(); ++i) {
    error.links += links[i].size();
    error.sure += truth[i].sure.size();
    for (const Link& link : links[i]) {
      error.found_sure += std::ranges::binary_search(truth[i].sure, link);
      error.found_possible += std::ranges::binary_search(truth[i].possible, link);
    }
  }
  return error;
}

std::string summary(const AlignmentError& error) {
  return fmt::format("AER {:.4f} (precision {:.4f}, recall {:.4f}, {} links, {} sure ones)", error.rate(),
                     error.precision(), error.recall(), error.links, error.sure);
}

}
