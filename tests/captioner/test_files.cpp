#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "examples/captioner/files/captions_file.h"
#include "examples/captioner/files/panels.h"
#include "examples/captioner/files/png_file.h"
#include "examples/captioner/files/trained_captioner.h"
#include "examples/captioner/shapes/drawings.h"
#include "tests/support/markup.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace gradus::captioner;

namespace {

Image drawn(std::uint64_t seed) { return make_drawings(seed, 1, Combinations::Seen).front().picture.image; }

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

/// A chunk of a PNG file, with its length and check sum (PNG specification, 5.3 and annex D).
std::string chunk(const std::string& type, const std::string& data) {
  std::uint32_t sum = 0xffffffff;
  for (const char c : type + data) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xedb88320 : 0);
  }
  return big_endian(static_cast<std::uint32_t>(data.size())) + type + data + big_endian(~sum);
}

/// Up to 64 KB as zlib has them, not compressed (RFC 1950, RFC 1951, section 3.2.4).
std::string stored(const std::string& bytes) {
  std::uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  const auto low = static_cast<char>(bytes.size() & 0xff), high = static_cast<char>(bytes.size() >> 8);
  return std::string("\x78\x01\x01") + low + high + static_cast<char>(~low) + static_cast<char>(~high) + bytes +
         big_endian(b << 16 | a);
}

/// A PNG file by hand: the bytes of `rows` begin with that of the filter.
struct Png {
  std::uint32_t width, height;
  char depth, colour;
  std::string rows, before = {};  // chunks before them
  char interlace = 0;

  std::string bytes() const {
    return "\x89PNG\r\n\x1a\n" +
           chunk("IHDR", big_endian(width) + big_endian(height) + depth + colour + '\0' + '\0' + interlace) + before +
           chunk("IDAT", stored(rows)) + chunk("IEND", "");
  }
};

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}

TEST_CASE("captioner: without libpng, who needs it is told so" * doctest::skip(has_libpng())) {
  CHECK_THROWS_WITH(require_libpng(), doctest::Contains("built without libpng"));
  CHECK_THROWS_WITH(read_png("a.png"), doctest::Contains("built without libpng"));
  CHECK_THROWS_WITH(png_bytes(Image(1, 1)), doctest::Contains("install libpng-dev"));
}

TEST_CASE("captioner: a PNG file that is written is read as it was" * doctest::skip(!has_libpng())) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.png");
  for (const Image& image : {drawn(1), scaled(drawn(2), 7, 100), Image(1, 1), scaled(drawn(3), 300, 1)}) {
    write(path, png_bytes(image));
    const Image read = read_png(path);
    CHECK(read.width == image.width);
    CHECK(read.height == image.height);
    CHECK(read.pixels == image.pixels);
  }
}

TEST_CASE("captioner: every kind of PNG is read" * doctest::skip(!has_libpng())) {
  using namespace std::string_literals;
  constexpr char kGrey = 0, kColours = 2, kPalette = 3, kGreyAlpha = 4, kColoursAlpha = 6;
  const std::string palette = chunk("PLTE", "\x0a\x14\x1e\xc8\xd2\xdc");
  struct Case {
    Png png;
    std::vector<int> left, right;  // of two pixels side by side
  };
  const Case cases[] = {
      {{2, 1, 8, kColours, "\0\x0a\x14\x1e\xc8\xd2\xdc"s}, {10, 20, 30}, {200, 210, 220}},
      {{2, 1, 8, kGrey, "\0\x0a\xc8"s}, {10, 10, 10}, {200, 200, 200}},
      {{2, 1, 1, kGrey, "\0\x40"s}, {0, 0, 0}, {255, 255, 255}},
      {{2, 1, 4, kGrey, "\0\x1f"s}, {17, 17, 17}, {255, 255, 255}},
      {{2, 1, 16, kGrey, "\0\x0a\x0a\xc8\xc8"s}, {10, 10, 10}, {200, 200, 200}},
      {{2, 1, 16, kColours, "\0\x0a\x0a\x14\x14\x1e\x1e\xc8\xc8\xd2\xd2\xdc\xdc"s}, {10, 20, 30}, {200, 210, 220}},
      {{2, 1, 8, kPalette, "\0\0\1"s, palette}, {10, 20, 30}, {200, 210, 220}},
      {{2, 1, 1, kPalette, "\0\x40"s, palette}, {10, 20, 30}, {200, 210, 220}},
      {{2, 1, 8, kPalette, "\0\0\1"s, palette + chunk("tRNS", "\0"s)}, {255, 255, 255}, {200, 210, 220}},
      {{2, 1, 8, kGreyAlpha, "\0\x0a\xff\xc8\0"s}, {10, 10, 10}, {255, 255, 255}},
      {{2, 1, 8, kColoursAlpha, "\0\x0a\x14\x1e\xff\xc8\xd2\xdc\0"s}, {10, 20, 30}, {255, 255, 255}},
      {{2, 1, 8, kGrey, "\0\x0a\0\xc8"s, {}, 1}, {10, 10, 10}, {200, 200, 200}},
  };
  const TemporaryFolder folder;
  const std::string path = folder.file("a.png");
  for (const Case& test : cases) {
    CAPTURE(static_cast<int>(test.png.depth));
    CAPTURE(static_cast<int>(test.png.colour));
    write(path, test.png.bytes());
    const Image image = read_png(path);
    REQUIRE(image.width == 2);
    REQUIRE(image.height == 1);
    CHECK(std::vector<int>(image.at(0, 0), image.at(0, 0) + 3) == test.left);
    CHECK(std::vector<int>(image.at(1, 0), image.at(1, 0) + 3) == test.right);
  }
}

TEST_CASE("captioner: a PNG file that is cut off anywhere, or damaged, is an error" * doctest::skip(!has_libpng())) {
  const std::string path = "a.png", whole = png_bytes(drawn(4));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(message_of([&] { decode_png(path, whole.substr(0, size)); }) ==
          path + (size < 8 ? ": not a PNG file; other pictures must be converted first"
                           : ": the file is cut off: the end of a PNG file is missing"));
  }
  // Whichever bit flips, what is read is a picture or an error of one line that names the file.
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    const std::string message = message_of([&] { decode_png(path, damaged); });
    CHECK((message == "no error" || (message.starts_with(path + ": ") && message.find('\n') == std::string::npos)));
  }
}

TEST_CASE("captioner: a PNG file that claims to be huge costs no memory" * doctest::skip(!has_libpng())) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.png");
  write(path, Png{8193, 8192, 8, 2, "x"}.bytes());
  CHECK_THROWS_WITH(read_png(path),
                    doctest::Contains("the picture has 8193 by 8192 pixels; need 67108864 at most, as many "
                                      "as 8192 by 8192"));
  write(path, Png{8192, 8192, 8, 2, "x"}.bytes());
  CHECK_THROWS_WITH(read_png(path), doctest::Contains("8192 by 8192 pixels are more than 69 bytes can hold"));
  write(path, Png{0x7fffffff, 0x7fffffff, 8, 2, "x"}.bytes());
  CHECK_THROWS_WITH(read_png(path), doctest::Contains("a.png: "));
  write(path, Png{0, 10, 8, 2, "x"}.bytes());
  CHECK_THROWS_WITH(read_png(path), doctest::Contains("a.png: a damaged PNG file: "));
}

TEST_CASE("captioner: captions are read with the pictures that they are of" * doctest::skip(!has_libpng())) {
  const TemporaryFolder folder;
  const Image first = drawn(5), second = scaled(drawn(6), 64, 48);
  write(folder.file("a.png"), png_bytes(first));
  write(folder.file("b c.png"), png_bytes(second));
  const std::string captions = folder.file("captions.txt");
  write(captions,
        "\xef\xbb\xbf"
        "b c.png\ta dog\r\n\na.png\tA cat.\nb c.png\ta brown\tdog \n");
  const CaptionedPictures read = read_captions(folder.path(), captions);
  REQUIRE(read.pictures.size() == 2);
  CHECK(read.pictures[0].captions == std::vector<std::string>{"a dog", "a brown\tdog "});
  CHECK(read.pictures[0].places == std::vector<std::string>{captions + ":1", captions + ":4"});
  CHECK(read.pictures[1].captions == std::vector<std::string>{"A cat."});
  const std::vector<Image> images = read.images(32);
  CHECK(images[0].pixels == scaled(second, 32, 32).pixels);
  CHECK(images[1].pixels == first.pixels);
}

TEST_CASE("captioner: a captioner is loaded as it was saved, and none that is damaged") {
  const TemporaryFolder folder;
  const std::string path = folder.file("m");
  CaptionerConfig config;
  config.features = 5, config.hidden = 7, config.encoder = EncoderKind::Convolution, config.side = 16, config.seed = 3;
  translate::WordFrequencies frequencies;
  frequencies.add({"a", "dog", "￭."});
  TrainedCaptioner captioner(config, caption_language(frequencies.vocabulary(1)));
  CHECK(message_of([&] { load_captioner(path); }) ==
        path + ": the folder holds no model; " + path + "/config.json is missing");
  save_captioner(path, captioner);
  CHECK_THROWS_WITH(require_no_model("train", path), doctest::Contains("holds a model already; --force replaces it"));
  std::filesystem::rename(path + "/model.safetensors", path + "/elsewhere");
  CHECK_THROWS_WITH(load_captioner(path), doctest::Contains("missing: the training ended before it had a model"));
  std::filesystem::rename(path + "/elsewhere", path + "/model.safetensors");
  const auto loaded = load_captioner(path);
  CHECK(loaded->config.hidden == 7);
  CHECK(loaded->language.encode("A dog.") == captioner.language.encode("a dog."));
  const Image picture = scaled(drawn(8), 16, 16), *const shown = &picture;
  CHECK(loaded->model.describe({&shown, 1}, 9).front().words == captioner.model.describe({&shown, 1}, 9).front().words);
  CHECK(loaded->text({{4, 5, 6, kEnd}, {}}) == "a dog.");

  std::filesystem::remove(path + "/config.json");
  CHECK(message_of([&] { require_no_model("train", path); }) ==
        "train: " + path + "/model.safetensors is there already; --force replaces it");
  write(path + "/config.json", R"({"side": 48})");
  CHECK(message_of([&] { load_captioner(path); }) ==
        path + "/config.json: side: 48 pixels; need 16, 32, 64, 128 or 256");
  write(path + "/config.json", R"({"sides": 48})");
  CHECK_THROWS_WITH(load_captioner(path), doctest::Contains("unknown key \"sides\"; did you mean \"side\"?"));
  write(path + "/config.json", "{}");
  CHECK_THROWS_WITH(load_captioner(path), doctest::Contains("m/model.safetensors: "));
}

TEST_CASE("captioner: an SVG has a panel for each word, in which the attended patches are lit") {
  const Image picture = drawn(13), wide = scaled(picture, 400, 100);
  std::vector<PanelWord> words;
  for (const char* text : {"a", "<unk>", "R&D", "incomprehensibilities"}) {
    words.push_back({text, std::vector<Real>(kPatches, 0)});
    words.back().weights[10] = 1;
  }
  const auto check = [&](const PanelPicture& shown) {
    const std::string svg = panels_svg(shown, words);
    CHECK(is_well_formed(svg));
    CHECK(svg.size() < 60'000);
    CHECK(svg.find("made by Gradus") < 1000);
    CHECK(count(svg, "<use href=\"#picture\"/>") == words.size());
    for (const char* text : {">a</text>", ">&lt;unk&gt;</text>", ">R&amp;D</text>"}) CHECK(count(svg, text) == 1);
    CHECK(count(svg, " textLength=\"128\"") == 1);  // of the long one
    // All is dark but patch 10, which is the third of the second row: strokes in rows of patches.
    const std::string shade =
        "stroke=\"#000\" stroke-opacity=\".9\" d=\"M0 0h8M0 1h2M3 1h5M0 2h8M0 3h8M0 4h8M0 5h8M0 6h8M0 7h8\"";
    CHECK(count(svg, shade) == words.size());
    return svg;
  };
  CHECK(count(check(drawn_pixels(picture)), "<g transform=\"scale(16 16) translate(0 .5)\">") == 4);
  if (!has_libpng()) return;
  const std::string svg = check(embedded_png(wide));
  CHECK(count(svg,
              "<image width=\"128\" height=\"32\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,iVBOR") ==
        1);
  CHECK(count(svg, "<g transform=\"scale(16 4) translate(0 .5)\">") == 4);
  CHECK(count(check(embedded_png(picture)), "image-rendering=\"pixelated\"") == 1);
}
