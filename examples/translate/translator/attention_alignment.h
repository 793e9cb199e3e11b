#pragma once

#include <span>
#include <vector>

#include "examples/translate/text/alignment.h"
#include "examples/translate/text/text.h"
#include "examples/translate/translator/translator.h"

namespace gradus::inline GRADUS_PRECISION {
class ThreadPool;
}

namespace gradus::translate {

/// The alignments that models see in given pairs: each translation is forced, and every word of it is linked to the
/// word of the source that it attended to most while it was predicted, from the context that these weights made; to
/// none if that is the end of sentence. (So Bahdanau et al. 2014 have it in figure 3. In Luong et al. 2015, footnote
/// 14, scores that see the source are of the word that the step reads, which is the one before.)
///
/// Words are those between white space, in whatever pieces a model has them; the weight between two words is the sum
/// over their pieces. Several models have the mean of their weights. Throws Error if none of them has attention.
std::vector<std::vector<Link>> align_pairs(std::span<Translator* const> models, const ParallelText& text,
                                           ThreadPool& pool);

}
