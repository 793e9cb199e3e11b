#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// Parses JSON in which no object has a key twice; nlohmann's parser itself would keep the last one and say nothing.
/// Throws Error for such a key, nlohmann::json::exception for text that is not JSON.
nlohmann::ordered_json parse_unique_json(std::string_view text);

}
