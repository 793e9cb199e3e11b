#pragma once

#include <cstdint>
#include <vector>

#include "examples/captioner/config.h"
#include "examples/captioner/image.h"
#include "nn/rng.h"

namespace gradus::captioner {

/// A picture has kSide × kSide pixels, and each patch of it kPatch × kPatch.
inline constexpr int kSide = 32, kPatch = kSide / kGrid;

enum class Size : std::uint8_t { Small, Large };
enum class Colour : std::uint8_t { Red, Green, Blue, Yellow, Purple, White };
enum class Form : std::uint8_t { Circle, Square, Triangle, Cross };
inline constexpr int kSizes = 2, kColours = 6, kForms = 4;

/// A coloured shape. Its centre is in pixels from the left and from the top, and it reaches no further than `radius`
/// from there in either direction.
struct Thing {
  Size size;
  Colour colour;
  Form form;
  double x, y, radius;

  bool covers(double at_x, double at_y) const;
};

/// One to three things on a grey ground that do not touch each other, with noise over all.
///
/// Reading goes along the diagonal, from the left upper corner to the right lower one: things are in the order of
/// x + y. So each of them is either further to the left of those after it than above them or the other way round, and
/// which of the two is always clear.
struct Picture {
  std::vector<Thing> things;
  Image image{kSide, kSide};

  /// Whether the thing covers a pixel of the patch.
  bool shows(int patch, int thing) const;
};

/// Which combinations of a colour and a form a picture is made of.
enum class Combinations : std::uint8_t { Seen, HeldOut };

/// Whether these two never come together in training, where each of them comes with others.
bool is_held_out(Colour colour, Form form);

/// Draws a picture all of whose things are seen combinations, or all are held out. `noise` is its standard deviation.
Picture draw_picture(Rng& rng, Combinations combinations, double noise = 16);

}
