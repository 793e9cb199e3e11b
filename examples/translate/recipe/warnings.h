#pragma once

#include <string>
#include <vector>

#include "examples/translate/config/config.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/recipe/text_facts.h"

namespace gradus::translate {

/// What looks wrong with a text and with what is to be made of it, each with what to do. None of it keeps a training
/// from going on: source and target that are the same, lines that don't belong together, validation text that is
/// learned, many pairs that are there twice, raw text for words between white space, a vocabulary that is too large for
/// the text.
std::vector<std::string> text_warnings(const CorpusText& text, const TextFacts& facts, const TrainConfig& config);

/// The line from which on, for the rest of the text or a long part of it, the two sides do not seem to be translations
/// of one another, since their lengths have nothing to do with each other; 0 if there is none.
std::size_t misaligned_from(const TextStream& text);

}
