#include "examples/translate/input/unpacker.h"

#ifdef GRADUS_ZLIB

#define ZLIB_CONST
#include <zlib.h>

#include <array>

namespace gradus::translate {

namespace {

class GzipUnpacker : public Unpacker {
 public:
  GzipUnpacker() {
    constexpr int kGzip = 16;  // the header of gzip, not that of zlib
    if (::inflateInit2(&stream_, kGzip + MAX_WBITS) != Z_OK) throw UnpackingError("no memory to unpack it");
  }
  ~GzipUnpacker() override { ::inflateEnd(&stream_); }
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;

  std::size_t unpack(std::string_view packed, std::string& bytes) override {
    if (complete_ && packed.empty()) return 0;
    if (complete_) ::inflateReset(&stream_);  // another one follows, as `cat a.gz b.gz` makes them
    std::array<unsigned char, 1 << 16> out;
    stream_.next_in = reinterpret_cast<const unsigned char*>(packed.data());
    stream_.avail_in = static_cast<unsigned>(packed.size());
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      throw UnpackingError(
          fmt::format("the gzip file is damaged: {}", stream_.msg != nullptr ? stream_.msg : "it cannot be unpacked"));
    complete_ = status == Z_STREAM_END;
    bytes.append(reinterpret_cast<const char*>(out.data()), out.size() - stream_.avail_out);
    return packed.size() - stream_.avail_in;
  }
  bool is_complete() const override { return complete_; }

 private:
  z_stream stream_{};
  bool complete_ = false;
};

}

std::unique_ptr<Unpacker> gzip_unpacker() { return std::make_unique<GzipUnpacker>(); }

}

#else

namespace gradus::translate {

std::unique_ptr<Unpacker> gzip_unpacker() { throw built_without("zlib", "gzip -dc"); }

}

#endif
