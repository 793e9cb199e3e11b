#include "examples/captioner/commands/commands.h"

#include <fmt/core.h>

#include <algorithm>

#include "examples/translate/base/version.h"
#include "examples/translate/options/config_options.h"
#include "examples/translate/options/write_output.h"

namespace gradus::captioner {

translate::Options ConfigWithOptions::options(std::initializer_list<std::string_view> keys) {
  std::vector<translate::ConfigField> fields = config.fields();
  if (keys.size() > 0) {
    std::erase_if(fields, [&](const auto& field) { return std::ranges::find(keys, field.key) == keys.end(); });
  }
  names_.clear();
  names_.reserve(fields.size());  // options point to them
  translate::Options options;
  for (const translate::ConfigField& field : fields) {
    names_.push_back(field.option());
    options.push_back(option_of(field, names_.back()));
  }
  return options;
}

std::function<void(int step, double loss)> loss_lines(int steps) {
  const int every = std::clamp(steps / 30, 1, 200);
  return [every, sum = 0.0](int step, double loss) mutable {
    sum += loss;
    if (step % every != 0) return;
    translate::write_output(fmt::format("step {:5}  loss {}\n", step, translate::readable(sum / every, 3)));
    sum = 0;
  };
}

translate::Command captioner_program() {
  return {.name = "gradus-captioner",
          .help = "Learns to describe pictures, and shows where it looks for each word.",
          .footer =
              "Run `gradus-captioner COMMAND --help` for the options of a command.\n\n"
              "Examples:\n"
              "  gradus-captioner train --pictures photos --captions captions.txt --model m\n"
              "  gradus-captioner caption --model m new.png --out panels\n"
              "  gradus-captioner draw shapes  # pictures to try it with\n",
          .commands = {train_command(), caption_command(), draw_command(), shapes_command()},
          .version = fmt::format("gradus-captioner {}", translate::program_version())};
}

}
