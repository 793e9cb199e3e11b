#pragma once

#include <span>
#include <string>
#include <vector>

#include "examples/captioner/model.h"
#include "examples/captioner/shapes/picture.h"

namespace gradus::captioner {

/// The words by number, as a vocabulary has them: the special ones of base/word_ids.h, those of the grammar, and the
/// names of sizes, colours and forms in the order of their enumerations.
inline constexpr const char* kWords[] = {"<pad>",  "<unk>", "<s>",    "</s>",   "a",        "left", "of",
                                         "above",  "small", "large",  "red",    "green",    "blue", "yellow",
                                         "purple", "white", "circle", "square", "triangle", "cross"};
inline constexpr int kA = 4, kLeft = 5, kOf = 6, kAbove = 7, kFirstSize = 8, kFirstColour = kFirstSize + kSizes,
                     kFirstForm = kFirstColour + kColours, kWordCount = kFirstForm + kForms;
static_assert(std::size(kWords) == kWordCount);

/// The most words of a caption, its end included.
inline constexpr int kMaxWords = 3 * 4 + 2 * 2 + 1;

/// What a picture shows: "a small red circle left of a large blue square above a large white cross".
struct Caption {
  std::vector<int> words;   ///< ends with kEnd
  std::vector<int> things;  ///< of each word: which thing it names the size, colour or form of, or kNone

  static constexpr int kNone = -1;
};

/// The only right caption of a picture.
Caption caption_of(const Picture& picture);

/// The words with spaces between them, without </s>.
std::string text_of(std::span<const int> words);

}
