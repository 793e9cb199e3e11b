#pragma once

#include "autograd/inspect/player.h"
#include "examples/translate/translator/translator.h"

namespace gradus::translate {

/// What the player of a step (autograd/inspect/player.h) says of its words: the names of time steps and of word
/// vectors, and, beside the loss, how probable the model finds each word of the target. The translator outlives the
/// options.
PlayerOptions words_of_step(Translator& translator, const Pair& pair);

}
