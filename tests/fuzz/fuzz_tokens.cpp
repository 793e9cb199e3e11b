#include <cstring>

#include "examples/translate/data/token_file.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

/// The key is that of the file itself, so that what lies behind it is read, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    constexpr std::size_t kWords = 8;
    const fuzz::File file(bytes);
    translate::TokenSummary summary;
    if (bytes.size() >= sizeof summary)
      std::memcpy(&summary, bytes.data() + bytes.size() - sizeof summary, sizeof summary);
    const translate::TokenFile tokens(file.path(), summary.key, kWords, kWords);
    const translate::Pairs pairs = tokens.pairs();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (pairs.source(i).back() != translate::kEnd || pairs.target(i).back() != translate::kEnd) fuzz::fail("no end");
    }
  });
  return 0;
}
