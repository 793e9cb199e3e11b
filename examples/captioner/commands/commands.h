#pragma once

#include <functional>
#include <string>
#include <vector>

#include "examples/captioner/config.h"
#include "examples/translate/options/command.h"

namespace gradus::captioner {

translate::Command train_command();
translate::Command caption_command();
translate::Command draw_command();
translate::Command shapes_command();

/// The program, with all its commands.
translate::Command captioner_program();

/// A configuration whose fields are options.
struct ConfigWithOptions {
  /// Those of the fields with these keys, or all of them for none.
  translate::Options options(std::initializer_list<std::string_view> keys = {});

  CaptionerConfig config;

 private:
  std::vector<std::string> names_;
};

/// What tells of a training: prints the mean loss of every so many steps.
std::function<void(int step, double loss)> loss_lines(int steps);

}
