#pragma once

#include <string>
#include <string_view>

namespace gradus::translate {

/// What every SVG picture has near its beginning: that Gradus made it.
inline constexpr std::string_view kSvgMark = "<metadata>made by Gradus</metadata>";

/// The same of a table in Markdown: a comment, which readers do not see.
inline constexpr std::string_view kMarkdownMark = "<!-- made by Gradus -->";

/// Text as the content or an attribute of an XML or HTML element: `&`, `<`, `>` and quotes as entities, control
/// characters, noncharacters and malformed bytes as U+FFFD.
std::string escape_markup(std::string_view text);

}
