#include "examples/captioner/files/png_file.h"

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"

namespace gradus::captioner {

constexpr const char* kWithoutLibpng =
    "this program was built without libpng, which reads and writes pictures; install libpng-dev and build it anew";

}

#ifdef GRADUS_LIBPNG

#include <png.h>

namespace gradus::captioner {

namespace {

/// libpng's description of a picture, which owns what it needs to read it.
struct PngImage : png_image {
  PngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(this); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

/// Throws for a picture that is too large, or so much larger than its file that the file cannot be whole: of eight
/// pixels there is one byte at least, and deflate packs no more than 1032 of them into one.
void require_size(const std::string& path, const PngImage& png, std::size_t bytes) {
  constexpr std::size_t kMostPixelsOfByte = 8 * 1032;
  const std::size_t pixels = std::size_t(png.width) * png.height;
  if (pixels > kMostPixels) {
    fail("{}: the picture has {} by {} pixels; need {} at most, as many as 8192 by 8192", path, png.width, png.height,
         kMostPixels);
  }
  if (pixels / kMostPixelsOfByte > bytes)
    fail("{}: {} by {} pixels are more than {} bytes can hold; the file is damaged", path, png.width, png.height,
         bytes);
}

}

bool has_libpng() { return true; }

Image decode_png(const std::string& path, std::string_view bytes) {
  constexpr std::string_view kSignature{"\x89PNG\r\n\x1a\n", 8}, kEndChunk{"\0\0\0\0IEND\xae\x42\x60\x82", 12};
  constexpr png_color kWhite{255, 255, 255};
  if (!bytes.starts_with(kSignature)) fail("{}: not a PNG file; other pictures must be converted first", path);
  if (bytes.find(kEndChunk) == std::string_view::npos)
    fail("{}: the file is cut off: the end of a PNG file is missing", path);
  PngImage png;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0)
    fail("{}: a damaged PNG file: {}", path, png.message);
  require_size(path, png, bytes.size());
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // where 16 bits do not say so themselves; linear, otherwise
  png.format = PNG_FORMAT_RGB;
  Image image(static_cast<int>(png.width), static_cast<int>(png.height));
  if (png_image_finish_read(&png, &kWhite, image.pixels.data(), 0, nullptr) == 0)
    fail("{}: a damaged PNG file: {}", path, png.message);
  return image;
}

std::string png_bytes(const Image& image) {
  PngImage png;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) == 0)
    fail("cannot write a PNG picture of {} by {} pixels: {}", image.width, image.height, png.message);
  bytes.resize(size);
  return bytes;
}

}

#else

namespace gradus::captioner {

bool has_libpng() { return false; }

Image decode_png(const std::string&, std::string_view) { fail(kWithoutLibpng); }

std::string png_bytes(const Image&) { fail(kWithoutLibpng); }

}

#endif

namespace gradus::captioner {

void require_libpng() {
  if (!has_libpng()) fail(kWithoutLibpng);
}

Image read_png(const std::string& path) {
  require_libpng();
  return decode_png(path, translate::read_file(path));
}

}
