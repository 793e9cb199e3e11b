#include "examples/translate/report/alignment_report.h"

#include "examples/translate/data/corpus.h"
#include "examples/translate/translator/attention_alignment.h"

namespace gradus::translate {

AlignedText aligned_toy_text(const std::vector<ToyPair>& split) {
  AlignedText aligned{toy_text(split, WhitespaceTokenizer()), {}};
  for (const ToyPair& pair : split) aligned.truth.push_back({pair.alignment, pair.alignment});
  return aligned;
}

AlignmentError alignment_error(std::span<Translator* const> models, const AlignedText& aligned, ThreadPool& pool) {
  return alignment_error(align_pairs(models, aligned.text, pool), aligned.truth);
}

}
