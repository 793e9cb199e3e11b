#pragma once

#include <span>
#include <vector>

#include "examples/translate/metrics/alignment_error.h"
#include "examples/translate/text/text.h"
#include "examples/translate/toy/pair.h"
#include "examples/translate/translator/translator.h"

namespace gradus::inline GRADUS_PRECISION {
class ThreadPool;
}

namespace gradus::translate {

/// Pairs, whose words stand between white space, with their true links.
struct AlignedText {
  ParallelText text;
  std::vector<TrueAlignment> truth;
};
AlignedText aligned_toy_text(const std::vector<ToyPair>& split);

/// How far the alignments that models see (`align_pairs`) are from the true ones.
AlignmentError alignment_error(std::span<Translator* const> models, const AlignedText& aligned, ThreadPool& pool);

}
