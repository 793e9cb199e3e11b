#include "examples/captioner/shapes/caption.h"

namespace gradus::captioner {

Caption caption_of(const Picture& picture) {
  Caption caption;
  const auto say = [&](int word, int thing = Caption::kNone) {
    caption.words.push_back(word);
    caption.things.push_back(thing);
  };
  for (int i = 0; i < static_cast<int>(picture.things.size()); ++i) {
    const Thing& thing = picture.things[i];
    if (i > 0) {
      const Thing& before = picture.things[i - 1];
      if (thing.x - before.x > thing.y - before.y) {
        say(kLeft);
        say(kOf);
      } else {
        say(kAbove);
      }
    }
    say(kA);
    say(kFirstSize + static_cast<int>(thing.size), i);
    say(kFirstColour + static_cast<int>(thing.colour), i);
    say(kFirstForm + static_cast<int>(thing.form), i);
  }
  say(kEnd);
  return caption;
}

std::string text_of(std::span<const int> words) {
  std::string text;
  for (const int word : words) {
    if (word == kEnd) break;
    if (!text.empty()) text += ' ';
    text += kWords[word];
  }
  return text;
}

}
