#include "tests/golden/samples/sample.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A number of the file; infinities and NaN are {"number": "inf"}.
std::optional<double> number_of(const Json& json) {
  if (json.is_number()) return json.as<double>();
  if (json.is<bool>()) return json.as<bool>() ? 1 : 0;
  const Json* const number = json.is<Json::Object>() ? json.find("number") : nullptr;
  if (number == nullptr) return {};
  const std::string text = number->as<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  return text == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

}

Call::Call(const Json& sample, std::span<const Real> numbers)
    : op_(sample["op"].as<std::string>()), variant_(sample.value_or<std::string>("variant", "")) {
  for (const Json& json : sample["args"].items()) args_.push_back(argument(json, numbers));
  for (const Json::Member& member : sample["kwargs"].members()) {
    kwargs_.emplace(member.name, argument(member.value, numbers));
  }
}

Call::Argument Call::argument(const Json& json, std::span<const Real> numbers) {
  Argument result{&json, {}, {}};
  if (json.is<Json::List>()) {
    for (const Json& item : json.items()) result.items.push_back(argument(item, numbers));
  } else if (const Json* const place = json.is<Json::Object>() ? json.find("tensor") : nullptr) {
    const std::vector<int> lengths = (*place)["shape"].items_as<int>();
    if (lengths.size() > Shape::kMaxRank) throw Unexpressed{"a tensor of more than six axes"};
    if (json.value_or<std::string>("dtype", "") == "float16") throw Unexpressed{"half precision"};
    const Shape shape{std::span<const int>(lengths)};
    const std::span<const Real> values = numbers.subspan((*place)["at"].as<std::uint64_t>(), shape.size());
    const bool differentiable = json.value_or("grad", false);
    result.tensor = differentiable ? variable(shape, values) : constant(shape, values);
    if (differentiable) variables_.push_back(result.tensor);
  }
  return result;
}

const Call::Argument* Call::find(int position, const char* name) {
  if (const auto found = kwargs_.find(name); found != kwargs_.end()) {
    read_.insert(name);
    return &found->second;
  }
  if (position < 0 || position >= static_cast<int>(args_.size())) return nullptr;
  read_.insert(std::to_string(position));
  return &args_[position];
}

bool Call::has(int position, const char* name) {
  const Argument* const found = find(position, name);
  return found != nullptr && !found->json->is<std::nullptr_t>();
}

bool Call::is_null(const char* name) {
  const Argument* const found = find(-1, name);
  return found != nullptr && found->json->is<std::nullptr_t>();
}

bool Call::is_tensor(int position, const char* name) {
  const Argument* const found = find(position, name);
  return found != nullptr && static_cast<bool>(found->tensor);
}

bool Call::is_mask(int position, const char* name) {
  return is_tensor(position, name) && find(position, name)->json->value_or<std::string>("dtype", "") == "bool";
}

bool Call::is_number(int position, const char* name) {
  const Argument* const found = find(position, name);
  return found != nullptr && number_of(*found->json).has_value();
}

bool Call::is_flag(int position, const char* name) {
  const Argument* const found = find(position, name);
  return found != nullptr && found->json->is<bool>();
}

bool Call::is_text(int position, const char* name) {
  const Argument* const found = find(position, name);
  return found != nullptr && found->json->is<std::string>();
}

Tensor Call::tensor(int position, const char* name) {
  if (!is_tensor(position, name)) throw Unexpressed{fmt::format("argument {} {} is no tensor", position, name)};
  return find(position, name)->tensor;
}

Tensor Call::optional_tensor(int position, const char* name) {
  return has(position, name) ? tensor(position, name) : Tensor();
}

std::vector<Tensor> Call::tensors(int position, const char* name) {
  std::vector<Tensor> result;
  if (const Argument* const found = find(position, name)) {
    for (const Argument& item : found->items) result.push_back(item.tensor);
  }
  return result;
}

double Call::number(int position, const char* name, std::optional<double> otherwise) {
  if (!has(position, name) && otherwise) return *otherwise;
  const Argument* const found = find(position, name);
  const std::optional<double> number = found == nullptr ? std::nullopt : number_of(*found->json);
  if (!number) throw Unexpressed{fmt::format("argument {} {} is no number", position, name)};
  return *number;
}

int Call::integer(int position, const char* name, std::optional<int> otherwise) {
  const double value = number(position, name, otherwise ? std::optional<double>(*otherwise) : std::nullopt);
  if (value != std::floor(value)) throw Unexpressed{fmt::format("argument {} {} is no whole number", position, name)};
  return static_cast<int>(value);
}

bool Call::flag(int position, const char* name, bool otherwise) { return number(position, name, otherwise) != 0; }

std::string Call::text(int position, const char* name, const std::string& otherwise) {
  if (!has(position, name)) return otherwise;
  const Json& json = *find(position, name)->json;
  if (!json.is<std::string>()) throw Unexpressed{fmt::format("argument {} {} is no text", position, name)};
  return json.as<std::string>();
}

std::vector<int> Call::integers(int position, const char* name) {
  if (!has(position, name)) return {};
  const Argument& found = *find(position, name);
  if (number_of(*found.json)) return {integer(position, name)};
  if (!found.json->is<Json::List>()) throw Unexpressed{fmt::format("argument {} {} is no list", position, name)};
  return found.json->items_as<int>();
}

std::vector<int> Call::rest(int position, const char* name) {
  if (!is_number(position, name)) return integers(position, name);
  std::vector<int> result;
  while (position < static_cast<int>(args_.size())) result.push_back(integer(position++, name));
  return result;
}

std::vector<int> Call::indices(int position, const char* name) {
  const Tensor x = tensor(position, name);
  return {x.value().begin(), x.value().end()};
}

std::string Call::unread() const {
  for (std::size_t i = 0; i < args_.size(); ++i) {
    if (!read_.contains(std::to_string(i)) && !args_[i].json->is<std::nullptr_t>())
      return fmt::format("argument {}", i);
  }
  for (const auto& [name, argument] : kwargs_) {
    if (!read_.contains(name) && !argument.json->is<std::nullptr_t>()) return fmt::format("argument {}", name);
  }
  return "";
}

Border border_named(const std::string& mode) {
  return mode == "reflect" ? Border::Reflect : mode == "replicate" ? Border::Replicate : Border::Circular;
}

}
