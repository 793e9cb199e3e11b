#pragma once

#include <span>
#include <string>
#include <string_view>

#include "autograd/list.h"
#include "autograd/real.h"

/// Pages for a browser, each one file that needs no other and no network.

namespace gradus::inline GRADUS_PRECISION {

/// The files of this folder, as they were when Gradus was built.
namespace pages {
/// The file of this name, with a point for the last underscore.
extern const std::string_view style_css, parts_js, terms_js, player_tape_js, player_map_js, player_panel_js, player_js;
}

/// What every page has in its head: that Gradus made it.
inline constexpr std::string_view kPageMark = "<meta name=\"generator\" content=\"Gradus\">";

/// An HTML page that runs `scripts` after parts.js. They find `data`, an object in JSON that is not empty, as
/// `pageData`, and `numbers` as `pageNumbers`. Texts in it may hold anything that JSON may, also `</script>`. `style`
/// is what the page adds to style.css.
std::string page(std::string_view title, std::string_view data, std::span<const float> numbers,
                 List<std::string_view> scripts, std::string_view style = {});

/// An HTML page to read from top to bottom, without a script. `body` is markup.
std::string document(std::string_view title, std::string_view body);

/// A text as JSON has it, in quotes. What is not UTF-8 in it becomes U+FFFD.
std::string json_text(std::string_view text);

/// Bytes as text, of letters, digits, + and / (RFC 4648, section 4).
std::string base64(std::string_view bytes);

/// Numbers as a text in quotes: 32-bit floats, little-endian, in base64.
std::string json_floats(std::span<const float> numbers);

}
