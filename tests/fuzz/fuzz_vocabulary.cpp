#include "examples/translate/text/vocabulary.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    const fuzz::File file(bytes);
    const auto vocabulary = translate::Vocabulary::load(file.path());
    const int last = static_cast<int>(vocabulary.size()) - 1;
    if (last > 3 && vocabulary.id(vocabulary.word(last)) != last) fuzz::fail("a word with another number");
  });
  return 0;
}
