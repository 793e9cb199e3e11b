#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace gradus::translate {

/// Shows a flag that can be taken back as `--[no-]toy`.
struct HelpFormatter : CLI::Formatter {
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    if (option->get_fnames().empty()) return Formatter::make_option_name(option, is_positional);
    return "--[no-]" + option->get_lnames().front();
  }
};

}
