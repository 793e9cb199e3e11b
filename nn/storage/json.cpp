#include "nn/storage/json.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Library = nlohmann::ordered_json;  // seen by this file alone: it takes seconds to compile

constexpr std::size_t kMaxDepth = 500;  // values are destroyed and written recursively

/// What an exception of the library says: "[json.exception.parse_error.101] parse error at line 3, column 5: ..."
/// without its number.
std::string text_of(const Library::exception& exception) {
  const std::string what = exception.what();
  const std::size_t end = what.find("] ");
  return end == std::string::npos ? what : what.substr(end + 2);
}

}

/// Builds a value from what the library's parser finds.
class Json::Builder : public nlohmann::json_sax<Library> {
 public:
  Json take() { return std::move(root_); }

  bool null() override { return put(Json()); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(std::int64_t value) override { return put(value); }
  bool number_unsigned(std::uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string& text) override {
    Json number(value);
    number.number_ = Box(text);
    return put(std::move(number));
  }
  bool string(std::string& text) override { return put(std::move(text)); }
  bool binary(Library::binary_t&) override { return false; }  // there is none in JSON
  bool start_array(std::size_t) override { return open(false); }
  bool start_object(std::size_t) override { return open(true); }
  bool end_array() override { return close(); }
  bool end_object() override { return close(); }

  bool key(std::string& name) override {
    OpenObject& object = *open_.back().object;
    if (!object.names.insert(name).second) throw Error("the name \"" + name + "\" is there twice");
    object.name = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string& token, const Library::exception& exception) override {
    constexpr int kNumberOverflow = 406;
    if (exception.id != kNumberOverflow) throw JsonError(text_of(exception));
    throw Error((open_.empty() ? "" : named(open_.back())) + token + " is too large a number");
  }

 private:
  /// An object whose end has not come yet.
  struct OpenObject {
    Json::Object members;
    std::set<std::string> names;  // of the members so far
    std::string name;             // of the next one
  };
  /// A list or an object whose end has not come yet. A list may take one byte, so it is small.
  struct Open {
    Json::List items;
    std::unique_ptr<OpenObject> object;  // null for a list
  };

  /// The beginning of an error: the member that is being read.
  static std::string named(const Open& open) {
    return open.object == nullptr || open.object->name.empty() ? "" : open.object->name + ": ";
  }

  bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (OpenObject* const object = open_.back().object.get()) {
      object->members.push_back({std::move(object->name), std::move(value)});
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  bool open(bool is_object) {
    if (open_.size() == kMaxDepth) throw JsonError(named(open_.front()) + "it is nested too deeply");
    open_.push_back({{}, is_object ? std::make_unique<OpenObject>() : nullptr});
    return true;
  }

  bool close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    return put(closed.object ? Json::object(std::move(closed.object->members)) : Json(std::move(closed.items)));
  }

  std::deque<Open> open_;  // the innermost last
  Json root_;
};

/// Makes a value of the library of one.
class Json::Writer {
 public:
  static Library library(const Json& json) {
    return std::visit([](const auto& value) { return library(value); }, json.value_);
  }

 private:
  static Library library(const auto& value) { return value; }
  static Library library(const Box<std::string>& text) { return *text.get(); }
  static Library library(const Box<List>& items) {
    Library list = Library::array();
    for (const Json& item : *items.get()) list.push_back(library(item));
    return list;
  }
  static Library library(const Box<Object>& object) {
    Library::object_t members;  // whose own functions look for the name first, each time
    for (const auto& [name, member] : *object.get()) members.emplace_back(name, library(member));
    return members;
  }
};

template <class Kind, class Value>
auto& Json::kept_as(Value& value, const char* name) {
  if (auto* kept = std::get_if<Held<Kind>>(&value)) {
    if constexpr (std::is_class_v<Kind>) {
      return *kept->get();
    } else {
      return *kept;
    }
  }
  throw JsonError(std::string("it is not ") + name);
}

Json::Json() = default;
Json::Json(std::string text) : value_(Box(std::move(text))) {}
Json::Json(std::string_view text) : Json(std::string(text)) {}
Json::Json(const char* text) : Json(std::string(text)) {}
Json::Json(List items) : value_(Box(std::move(items))) {}
Json Json::object(Object members) {
  Json json;
  json.value_ = Box(std::move(members));
  return json;
}

Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::parse(std::string_view text) {
  // The library takes a NUL for the end of the text.
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    throw JsonError(fmt::format("a NUL at byte {} of the text", nul));
  }
  Builder builder;
  Library::sax_parse(text, &builder);
  return builder.take();
}

std::string Json::dump(int indent, InvalidUtf8 invalid) const {
  const auto handler =
      invalid == InvalidUtf8::Replace ? Library::error_handler_t::replace : Library::error_handler_t::strict;
  try {
    return Writer::library(*this).dump(indent, ' ', false, handler);
  } catch (const Library::type_error& error) {
    throw JsonError(text_of(error));
  }
}

std::string Json::written() const { return number_.get() == nullptr ? dump() : *number_.get(); }

template <>
bool Json::as<bool>() const {
  return kept_as<bool>(value_, "true or false");
}

template <>
std::int64_t Json::as<std::int64_t>() const {
  if (const auto* number = std::get_if<std::uint64_t>(&value_);
      number != nullptr && std::in_range<std::int64_t>(*number))
    return static_cast<std::int64_t>(*number);
  return kept_as<std::int64_t>(value_, "a whole number of 64 bits");
}

template <>
std::uint64_t Json::as<std::uint64_t>() const {
  if (const auto* number = std::get_if<std::int64_t>(&value_); number != nullptr && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  return kept_as<std::uint64_t>(value_, "a whole number, not negative");
}

template <>
int Json::as<int>() const {
  const auto number = as<std::int64_t>();
  if (!std::in_range<int>(number)) throw JsonError("it is not a whole number of 32 bits");
  return static_cast<int>(number);
}

template <>
double Json::as<double>() const {
  if (const auto* number = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*number);
  return kept_as<double>(value_, "a number");
}

template <>
std::string Json::as<std::string>() const {
  return kept_as<std::string>(value_, "a text");
}

const Json::List& Json::items() const& { return kept_as<List>(value_, "a list"); }
const Json::Object& Json::members() const& { return kept_as<Object>(value_, "an object"); }
std::size_t Json::size() const { return is<List>() ? items().size() : members().size(); }

const Json& Json::operator[](std::size_t i) const {
  if (i >= items().size()) throw JsonError("an item is missing");
  return items()[i];
}

const Json& Json::operator[](std::string_view name) const {
  if (const Json* member = find(name)) return *member;
  throw JsonError("the name \"" + std::string(name) + "\" is missing");
}

const Json* Json::find(std::string_view name) const {
  const Object& all = members();
  const auto found = std::ranges::find(all, name, &Member::name);
  return found == all.end() ? nullptr : &found->value;
}

void Json::add(Json item) { kept_as<List>(value_, "a list").push_back(std::move(item)); }

void Json::set(std::string_view name, Json value) {
  Object& all = kept_as<Object>(value_, "an object");
  const auto found = std::ranges::find(all, name, &Member::name);
  if (found == all.end()) {
    all.push_back({std::string(name), std::move(value)});
  } else {
    found->value = std::move(value);
  }
}

}
