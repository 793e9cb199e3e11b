#include "examples/translate/text/alignment.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    const fuzz::File file(bytes);
    for (const translate::TrueAlignment& alignment : translate::read_alignments(file.path())) {
      translate::pharaoh(alignment.possible);
      translate::require_within(alignment, 1 << 30, 1 << 30, "line");
    }
  });
  return 0;
}
