#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

/// What is thrown for text that is not JSON, and for a value that is not of the kind that is asked for.
class JsonError : public Error {
 public:
  using Error::Error;
};

/// A value of JSON: null, a truth value, a number, a text, a list, or an object, whose members keep their order. A
/// number is signed if it was made of such a one or read with a sign, and floating if it is no whole number.
class Json {
  /// What is larger than a number, on the heap and copied with its owner: so a long list takes 24 bytes an item,
  /// not 72.
  template <class T>
  class Box {
   public:
    Box() = default;
    explicit Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Box(Box&& other) noexcept = default;
    Box& operator=(const Box& other) { return *this = Box(other); }
    Box& operator=(Box&& other) noexcept = default;
    ~Box() = default;

    T* get() const { return value_.get(); }

   private:
    std::unique_ptr<T> value_;
  };
  template <class Kind>
  using Held = std::conditional_t<std::is_class_v<Kind>, Box<Kind>, Kind>;

 public:
  struct Member;
  using List = std::vector<Json>;
  using Object = std::vector<Member>;

  /// Null.
  Json();
  Json(std::same_as<bool> auto value) : value_(value) {}
  Json(std::signed_integral auto value) : value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Json(T value) : value_(static_cast<std::uint64_t>(value)) {}
  Json(std::floating_point auto value) : value_(static_cast<double>(value)) {}
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  /// A list.
  template <class T>
  Json(const std::vector<T>& items) : Json(List(items.begin(), items.end())) {}
  Json(List items);
  /// An object of members whose names differ.
  static Json object(Object members);

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  /// Reads a whole text, in linear time and memory. Throws JsonError for text that is not JSON or holds a NUL, with the
  /// place, or is nested more than 500 deep, with the member of the outermost object, and Error for an object that has
  /// a name twice.
  static Json parse(std::string_view text);

  enum class InvalidUtf8 {
    Refuse,   ///< a text that is not UTF-8 throws JsonError
    Replace,  ///< its wrong bytes become U+FFFD
  };
  /// The value as text: on one line, or with an `indent` in lines. NaN and infinities become null.
  std::string dump(int indent = -1, InvalidUtf8 invalid = InvalidUtf8::Refuse) const;
  /// What a message shows: a number that was read as it stood there, with all its digits, and else `dump`.
  std::string written() const;

  template <class Kind>
  bool is() const {
    return std::holds_alternative<Held<Kind>>(value_);
  }
  bool is_integer() const { return is<std::int64_t>() || is<std::uint64_t>(); }
  bool is_number() const { return is_integer() || is<double>(); }

  /// The value as a bool, int, std::int64_t, std::uint64_t, double or std::string. A whole
  /// number is also a double. Throws JsonError if it is not of that kind, or does not fit into it.
  template <class T>
  T as() const;

  /// The items of a list, or the members of an object. Throws JsonError if it is none.
  const List& items() const&;
  const Object& members() const&;
  /// A loop over those of a temporary would outlive it.
  const List& items() const&& = delete;
  const Object& members() const&& = delete;
  /// How many items or members there are. Throws JsonError if it is neither list nor object.
  std::size_t size() const;
  /// An item of a list. Throws JsonError if there is none.
  const Json& operator[](std::size_t i) const;
  /// A member of an object. Throws JsonError if there is none.
  const Json& operator[](std::string_view name) const;
  /// The member of this name; null if there is none.
  const Json* find(std::string_view name) const;

  /// Adds an item to a list.
  void add(Json item);
  /// Sets a member of an object, which comes last if it is new.
  void set(std::string_view name, Json value);

  /// The items of a list, each as a T.
  template <class T>
  std::vector<T> items_as() const;
  /// A member of an object as a T; `otherwise` if there is none.
  template <class T>
  T value_or(std::string_view name, T otherwise) const;

 private:
  class Builder;
  class Writer;
  template <class Kind, class Value>
  static auto& kept_as(Value& value, const char* name);

  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, Box<std::string>, Box<List>, Box<Object>>
      value_;
  Box<std::string> number_;  // as it was read, if `value_` is but the nearest double
};

struct Json::Member {
  std::string name;
  Json value;
};

template <>
bool Json::as<bool>() const;
template <>
int Json::as<int>() const;
template <>
std::int64_t Json::as<std::int64_t>() const;
template <>
std::uint64_t Json::as<std::uint64_t>() const;
template <>
double Json::as<double>() const;
template <>
std::string Json::as<std::string>() const;

template <class T>
std::vector<T> Json::items_as() const {
  std::vector<T> values;
  for (const Json& item : items()) values.push_back(item.as<T>());
  return values;
}

template <class T>
T Json::value_or(std::string_view name, T otherwise) const {
  const Json* const member = find(name);
  return member == nullptr ? otherwise : member->as<T>();
}

}
