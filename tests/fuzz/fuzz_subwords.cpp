#include "examples/translate/text/subwords.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    const translate::SubwordTokenizer tokenizer(bytes, "source.model");
    tokenizer.join(tokenizer.split("the black cat \xF0\x9F\x90\x88 ate \xE2\x96\x81the \xC3 mouse"));
    tokenizer.join(tokenizer.pieces());
  });
  return 0;
}
