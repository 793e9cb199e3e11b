#include "examples/translate/training/train_state.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    const translate::TrainState state = translate::read_state(bytes);
    const std::string text = translate::state_text(state);
    if (translate::state_text(translate::read_state(text)) != text) fuzz::fail("a state that does not come back");
  });
  return 0;
}
