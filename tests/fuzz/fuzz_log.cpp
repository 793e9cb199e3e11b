#include "examples/translate/report/report.h"
#include "tests/fuzz/fuzz.h"

using namespace gradus;

/// A page is made of what was read, too: it has no room for all numbers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](std::string_view bytes) {
    const fuzz::File file(bytes);
    const translate::TrainingHistory history = translate::read_training_log(file.path());
    const fuzz::Uncounted page;
    if (!history.steps.empty()) translate::report_html("model", translate::TrainConfig(), history, {});
  });
  return 0;
}
