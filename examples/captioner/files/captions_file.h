#pragma once

#include <string>
#include <vector>

#include "examples/captioner/image.h"

namespace gradus::captioner {

/// Pictures with captions, as a user has them: a folder of PNG files, and a text in which each line is the name of a
/// file in that folder, a tab, and a caption of it. A picture may have several captions, on lines of their own.
struct CaptionedPictures {
  struct Picture {
    std::string path;
    std::string place;                  ///< `captions.txt:3`, where it is named first
    std::vector<std::string> captions;  ///< one or more, each of which holds a word
    std::vector<std::string> places;    ///< of each
  };

  /// The pictures scaled to `side` pixels on each side; what is not square is stretched. Throws Error as `read_png`,
  /// which begins with the place.
  std::vector<Image> images(int side) const;

  std::vector<Picture> pictures;  ///< in the order in which they are named first
};

/// Reads the captions of pictures in a folder. Empty lines do not count. Throws Error, naming file and line, for a line
/// without a tab, a name or a word, a name that is no file of the folder, text that is not UTF-8, and for a folder or
/// file that is not there or has no captions.
CaptionedPictures read_captions(const std::string& folder, const std::string& path);

}
