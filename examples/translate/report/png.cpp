#include "examples/translate/report/png.h"

#include "autograd/error.h"

#ifdef GRADUS_RSVG

#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>

namespace gradus::translate {

namespace {

struct Release {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

[[noreturn]] void fail_to_draw(GError* error) {
  const Owned<GError> owned(error);
  fail("cannot draw the picture: {}", owned ? owned->message : "librsvg does not say why");
}

cairo_status_t append(void* bytes, const unsigned char* data, unsigned length) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

/// The chunk that says what made the picture goes behind the first one, whose length is fixed.
void add_mark(std::string& png) {
  constexpr std::size_t kHead = 8 + 25;
  constexpr std::string_view kLength{"\0\0\0\x0f", 4}, kCheckSum{"\x17\x53\x88\x4f", 4};
  png.insert(kHead, std::string(kLength) + std::string(kPngMark) + std::string(kCheckSum));
}

}

bool has_png() { return true; }

std::string png_of(std::string_view svg) {
  constexpr double kScale = 2;
  GError* error = nullptr;
  const Owned<RsvgHandle> handle(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!handle) fail_to_draw(error);
  RsvgRectangle area{};
  rsvg_handle_get_intrinsic_size_in_pixels(handle.get(), &area.width, &area.height);
  const double width = std::ceil(kScale * area.width), height = std::ceil(kScale * area.height);
  const Owned<cairo_surface_t> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS)
    fail("a PNG picture of {} by {} pixels is too large; write it as .svg", width, height);
  const Owned<cairo_t> context(cairo_create(surface.get()));
  cairo_scale(context.get(), kScale, kScale);
  if (rsvg_handle_render_document(handle.get(), context.get(), &area, &error) == 0) fail_to_draw(error);
  std::string png;
  if (cairo_surface_write_to_png_stream(surface.get(), append, &png) != CAIRO_STATUS_SUCCESS) fail_to_draw(nullptr);
  add_mark(png);
  return png;
}

}

#else

namespace gradus::translate {

bool has_png() { return false; }

std::string png_of(std::string_view) { fail("no PNG pictures without librsvg"); }

}

#endif
