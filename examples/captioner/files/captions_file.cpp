#include "examples/captioner/files/captions_file.h"

#include <filesystem>
#include <map>
#include <system_error>

#include "autograd/error.h"
#include "examples/captioner/files/png_file.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"

namespace gradus::captioner {

namespace fs = std::filesystem;

CaptionedPictures read_captions(const std::string& folder, const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) fail("{}: no such folder; need one with PNG files", folder);
  const std::vector<std::string> lines = translate::read_lines(path);
  CaptionedPictures captioned;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (translate::split_words(line).empty()) continue;
    const std::string place = fmt::format("{}:{}", translate::input_name(path), i + 1);
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos || tab == 0)
      fail("{}: need the name of a picture, a tab, and its caption, not '{}'", place, line);
    const std::string name = line.substr(0, tab), caption = line.substr(tab + 1);
    if (translate::split_words(caption).empty()) fail("{}: the caption of {} is empty", place, name);
    const auto [found, is_new] = known.emplace(name, captioned.pictures.size());
    if (is_new) {
      const std::string file = (fs::path(folder) / name).string();
      if (!fs::exists(file, ignored)) fail("{}: there is no picture {}", place, file);
      captioned.pictures.push_back({file, place, {}, {}});
    }
    CaptionedPictures::Picture& picture = captioned.pictures[found->second];
    picture.captions.push_back(caption);
    picture.places.push_back(place);
  }
  if (captioned.pictures.empty())
    fail("{}: no captions; need lines of a picture's name, a tab and its caption", translate::input_name(path));
  return captioned;
}

std::vector<Image> CaptionedPictures::images(int side) const {
  std::vector<Image> images;
  for (const Picture& picture : pictures) {
    try {
      images.push_back(scaled(read_png(picture.path), side, side));
    } catch (const Error& error) {
      fail("{}: {}", picture.place, error.what());
    }
  }
  return images;
}

}
