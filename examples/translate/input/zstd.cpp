#include "examples/translate/input/unpacker.h"

#ifdef GRADUS_ZSTD

#include <zstd.h>

#include <array>

namespace gradus::translate {

namespace {

class ZstdUnpacker : public Unpacker {
 public:
  ZstdUnpacker() : stream_(::ZSTD_createDStream()) {
    if (stream_ == nullptr) throw UnpackingError("no memory to unpack it");
  }
  ~ZstdUnpacker() override { ::ZSTD_freeDStream(stream_); }
  ZstdUnpacker(const ZstdUnpacker&) = delete;
  ZstdUnpacker& operator=(const ZstdUnpacker&) = delete;

  std::size_t unpack(std::string_view packed, std::string& bytes) override {
    if (complete_ && packed.empty()) return 0;
    std::array<char, 1 << 16> out;
    ZSTD_inBuffer from{packed.data(), packed.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ::ZSTD_decompressStream(stream_, &to, &from);  // after a frame the next one begins
    if (::ZSTD_isError(left) != 0)
      throw UnpackingError(fmt::format("the zstd file is damaged: {}", ::ZSTD_getErrorName(left)));
    complete_ = left == 0;
    bytes.append(out.data(), to.pos);
    return from.pos;
  }
  bool is_complete() const override { return complete_; }

 private:
  ZSTD_DStream* stream_;
  bool complete_ = false;
};

}

std::unique_ptr<Unpacker> zstd_unpacker() { return std::make_unique<ZstdUnpacker>(); }

}

#else

namespace gradus::translate {

std::unique_ptr<Unpacker> zstd_unpacker() { throw built_without("zstd", "zstd -dc"); }

}

#endif
