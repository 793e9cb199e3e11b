#include "examples/captioner/shapes/picture.h"

#include <algorithm>
#include <cmath>

namespace gradus::captioner {

namespace {

constexpr double kInks[kColours][3] = {{220, 50, 50},  {50, 180, 60},  {60, 90, 230},
                                       {225, 210, 50}, {170, 60, 200}, {235, 235, 235}};

Thing random_thing(Rng& rng, Combinations combinations) {
  Thing thing;
  do {
    thing.colour = static_cast<Colour>(rng.below(kColours));
    thing.form = static_cast<Form>(rng.below(kForms));
  } while (is_held_out(thing.colour, thing.form) != (combinations == Combinations::HeldOut));
  thing.size = static_cast<Size>(rng.below(kSizes));
  thing.radius = thing.size == Size::Small ? rng.uniform(3, 3.5) : rng.uniform(5, 6);
  thing.x = rng.uniform(thing.radius, kSide - thing.radius);
  thing.y = rng.uniform(thing.radius, kSide - thing.radius);
  return thing;
}

/// Whether two things are apart, and it is clear which comes first and whether that one is to the left or above.
bool are_distinct(const Thing& a, const Thing& b) {
  constexpr double kGap = 1, kClear = 5;
  const double right = b.x - a.x, down = b.y - a.y;
  return std::max(std::abs(right), std::abs(down)) >= a.radius + b.radius + kGap && std::abs(right + down) >= kClear &&
         std::abs(right - down) >= kClear;
}

std::vector<Thing> random_things(Rng& rng, Combinations combinations) {
  const std::size_t count = 1 + rng.below(3);
  std::vector<Thing> things;
  while (things.size() < count) {
    const Thing next = random_thing(rng, combinations);
    if (std::ranges::all_of(things, [&](const Thing& other) { return are_distinct(next, other); })) {
      things.push_back(next);
    } else {
      things.clear();  // what is there may leave no room
    }
  }
  std::ranges::sort(things, {}, [](const Thing& thing) { return thing.x + thing.y; });
  return things;
}

}

bool Thing::covers(double at_x, double at_y) const {
  const double across = std::abs(at_x - x), down = at_y - y, along = std::abs(down);
  switch (form) {
    case Form::Circle:
      return across * across + along * along <= radius * radius;
    case Form::Square:
      return std::max(across, along) <= 0.85 * radius;
    case Form::Triangle:
      return along <= radius && across <= (radius + down) / 2;
    case Form::Cross:
      return std::max(across, along) <= radius && std::min(across, along) <= radius / 4;
  }
  return false;
}

bool Picture::shows(int patch, int thing) const {
  const int left = patch % kGrid * kPatch, top = patch / kGrid * kPatch;
  for (int y = top; y < top + kPatch; ++y) {
    for (int x = left; x < left + kPatch; ++x) {
      if (things[thing].covers(x + 0.5, y + 0.5)) return true;
    }
  }
  return false;
}

bool is_held_out(Colour colour, Form form) { return static_cast<int>(colour) == static_cast<int>(form); }

Picture draw_picture(Rng& rng, Combinations combinations, double noise) {
  Picture picture{random_things(rng, combinations)};
  const double ground = rng.uniform(20, 80), light = rng.uniform(0.75, 1);
  std::uint8_t* pixel = picture.image.pixels.data();
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const auto here =
          std::ranges::find_if(picture.things, [&](const Thing& t) { return t.covers(x + 0.5, y + 0.5); });
      for (int channel = 0; channel < 3; ++channel) {
        const double clean =
            here == picture.things.end() ? ground : light * kInks[static_cast<int>(here->colour)][channel];
        *pixel++ = static_cast<std::uint8_t>(std::clamp(clean + noise * rng.normal(), 0.0, 255.0));
      }
    }
  }
  return picture;
}

}
