#include <doctest/doctest.h>

#include <cmath>
#include <ctime>
#include <limits>
#include <string>

#include "nn/storage/json.h"

using namespace gradus;
using namespace std::string_literals;

namespace {

std::string again(const std::string& text) { return Json::parse(text).dump(); }

/// What `parse` says about a text that it refuses.
std::string json_complaint(const std::string& text) {
  try {
    Json::parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// Of the processor, which do not grow when the machine has other work.
double seconds_to_parse(int members) {
  std::string text = "{";
  for (int i = 0; i < members; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":[1]";
  const std::clock_t start = std::clock();
  Json::parse(text + "}");
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

}

TEST_CASE("JSON is written as it is read, members in their order") {
  for (const char* text :
       {"null", "true", "-1", "18446744073709551615", "0.1", "1e-07", "2.0", "\"\\u0001\\n\\\"ä\\\\\"", "[]", "{}",
        "[[],{}]", R"({"z":1,"a":{"y":[1,2.5,"x"],"b":null}})"}) {
    CHECK(again(text) == text);
  }
  CHECK(again(" { \"a\" : [ 1 , 2 ] } ") == R"({"a":[1,2]})");
  CHECK(Json::parse(R"({"a":[1,{}],"b":[]})").dump(2) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

TEST_CASE("values become JSON and come back") {
  const Json json = Json::object({{"whole", 3},
                                  {"large", std::numeric_limits<std::uint64_t>::max()},
                                  {"real", 0.5},
                                  {"yes", true},
                                  {"text", "a"},
                                  {"list", std::vector{1, 2}},
                                  {"nan", std::nan("")}});
  CHECK(json.dump() ==
        R"({"whole":3,"large":18446744073709551615,"real":0.5,"yes":true,"text":"a","list":[1,2],"nan":null})");
  CHECK(json["whole"].as<int>() == 3);
  CHECK(json["whole"].as<double>() == 3);
  CHECK(json["large"].as<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  CHECK(json["real"].as<double>() == 0.5);
  CHECK(json["yes"].as<bool>());
  CHECK(json["list"].items_as<int>() == std::vector{1, 2});
  CHECK(json["list"][1].as<std::int64_t>() == 2);
  CHECK(json.value_or("whole", 4) == 3);
  CHECK(json.value_or("other", 4) == 4);
  Json changed = json;
  changed.set("whole", Json::List{});
  changed.set("new", Json());
  CHECK(changed.members().front().value.size() == 0);
  CHECK(changed.members().back().name == "new");
}

TEST_CASE("a value of another kind is not taken for what is asked") {
  const Json json = Json::parse(R"({"real": 1.5, "negative": -1, "large": 9999999999, "text": "1"})");
  CHECK_THROWS_AS(json["real"].as<int>(), JsonError);
  CHECK_THROWS_AS(json["negative"].as<std::uint64_t>(), JsonError);
  CHECK_THROWS_AS(json["large"].as<int>(), JsonError);
  CHECK_THROWS_AS(json["text"].as<double>(), JsonError);
  CHECK_THROWS_AS(json["real"].as<bool>(), JsonError);
  CHECK_THROWS_AS(json.items(), JsonError);
  CHECK_THROWS_AS(json["text"].members(), JsonError);
  CHECK_THROWS_AS(json["text"].size(), JsonError);
  CHECK_THROWS_WITH_AS(json["none"], "the name \"none\" is missing", JsonError);
  CHECK_THROWS_AS(Json::parse("[1]")[1], JsonError);
}

TEST_CASE("what is not JSON is refused with its place, and a name that is there twice with the name") {
  CHECK(json_complaint("{\"a\": }").starts_with("parse error at line 1, column 7: syntax error"));
  CHECK(json_complaint("[1] 2").starts_with("parse error at line 1, column 5"));
  CHECK(json_complaint("").starts_with("parse error"));
  CHECK(json_complaint("[1e999]") == "1e999 is too large a number");
  CHECK(json_complaint(R"({"a":{"b":-1e999}})") == "b: -1e999 is too large a number");
  CHECK(json_complaint("[\"\xff\"]").find("invalid string") != std::string::npos);
  CHECK(json_complaint(R"({"a":{"b":1,"c":2,"b":3}})") == "the name \"b\" is there twice");
  CHECK(json_complaint(R"([{"a":1},{"a":{"a":1}}])").empty());
}

TEST_CASE("a number is told as it was written") {
  const Json json = Json::parse("[99999999999999999999, 1.50, 1e30, -7, 18446744073709551615]");
  CHECK(json[0].written() == "99999999999999999999");
  CHECK(json[1].written() == "1.50");
  CHECK(json[2].written() == "1e30");
  CHECK(json[3].written() == "-7");
  CHECK(json[4].written() == "18446744073709551615");
  CHECK(Json("x").written() == "\"x\"");
  CHECK(Json(0.5).written() == "0.5");
}

TEST_CASE("JSON of any depth and length ends in a value or in a message, in linear time") {
  for (const char open : {'[', '{'}) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i) text += open == '[' ? "[" : "{\"a\":";
    CHECK(json_complaint(text) == (open == '[' ? "" : "a: "s) + "it is nested too deeply");
    CHECK(json_complaint("{\"b\": [" + text) == "b: it is nested too deeply");
  }
  const std::string deepest = std::string(500, '[') + std::string(500, ']');
  CHECK(again(deepest) == deepest);
  seconds_to_parse(1000);
  CHECK(seconds_to_parse(100'000) < 200 * seconds_to_parse(2000) + 0.05);  // 50 times as many
}

TEST_CASE("an item of a list takes few bytes, and a copy is a value of its own") {
  CHECK(sizeof(Json) <= 24);
  Json json = Json::parse(R"({"a": [1, 2.50], "b": "text"})");
  const Json copy = json;
  json.set("b", Json::List{});
  Json moved = std::move(json);
  moved.set("a", 0);
  CHECK(copy.dump() == R"({"a":[1,2.5],"b":"text"})");
  CHECK(copy["a"][1].written() == "2.50");
  CHECK(moved.dump() == R"({"a":0,"b":[]})");
}

TEST_CASE("text that is not UTF-8 is refused or replaced") {
  const Json json("a\xff");
  CHECK_THROWS_AS(json.dump(), JsonError);
  CHECK(json.dump(-1, Json::InvalidUtf8::Replace) == "\"a\xef\xbf\xbd\"");
}
