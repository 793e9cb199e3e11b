#pragma once

#include <string>
#include <string_view>

namespace gradus::translate {

/// Text as the content or an attribute of an XML or HTML element: `&`, `<`, `>` and quotes as entities, control
/// characters, noncharacters and malformed bytes as U+FFFD.
std::string escape_markup(std::string_view text);

}
