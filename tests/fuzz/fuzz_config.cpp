#include "examples/translate/config/config_file.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    translate::TrainConfig config;
    translate::read_config_text("config.json", std::string(bytes), config);
  });
  return 0;
}
