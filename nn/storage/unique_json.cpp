#include "nn/storage/unique_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

nlohmann::ordered_json parse_unique_json(std::string_view text) {
  using json = nlohmann::ordered_json;
  std::vector<std::set<std::string>> open;  // the keys of the objects that are being parsed, the innermost last
  return json::parse(text, [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) {
      throw Error("the name \"" + parsed.get<std::string>() + "\" is there twice");
    }
    return true;
  });
}

}
