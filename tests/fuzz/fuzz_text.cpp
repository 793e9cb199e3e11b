#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    const fuzz::File file(bytes);
    const std::vector<std::string> lines = translate::read_lines(file.path());
    const fuzz::Uncounted use;
    for (const std::string& line : lines) {
      translate::split_words(line);
      if (translate::find_invalid_utf8(translate::lower_case(line)) != std::string::npos) fuzz::fail("no UTF-8");
      if (translate::visible(translate::visible(line)) != translate::visible(line)) fuzz::fail("not visible yet");
    }
  });
  return 0;
}
