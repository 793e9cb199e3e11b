#pragma once

#include <string>

/// Whether a text has a part somewhere.
inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
