#include "nn/module.h"

#include <fmt/core.h>

#include <algorithm>

namespace gradus::inline GRADUS_PRECISION {

namespace {
std::string join(const char* path, const std::string& name) { return *path ? fmt::format("{}.{}", path, name) : name; }

/// The path of a parameter or buffer that may be there.
std::string required(const Module& owner, const std::string& name, const Shape& shape) {
  std::string path = join(owner.path(), name);
  WithoutInit::require(path, shape);
  return path;
}
}

Module::Module(Module* parent, std::string name) : path_(join(parent ? parent->path() : "", name)) {
  if (parent) parent->register_member(name, nullptr, this);
}

void Module::register_member(const std::string& name, Parameter* parameter, Module* child, Buffer* buffer) {
  const auto same = [&](const Member& member) { return member.name == name; };
  if (name.empty() || std::any_of(members_.begin(), members_.end(), same)) {
    fail("module: the name \"{}\" is {} in \"{}\"", name, name.empty() ? "not allowed" : "taken already", path_);
  }
  members_.push_back({name, parameter, child, buffer});
}

template <class Visit>
void Module::each_member(const Visit& visit) {
  for (const Member& member : members_) {
    if (member.child) {
      member.child->each_member(visit);
    } else {
      visit(member);
    }
  }
}

std::vector<Parameter*> Module::parameters() {
  std::vector<Parameter*> result;
  each_member([&](const Member& member) {
    if (member.parameter) result.push_back(member.parameter);
  });
  return result;
}

std::vector<Leaf*> Module::state() {
  std::vector<Leaf*> result;
  each_member([&](const Member& member) {
    result.push_back(member.parameter ? static_cast<Leaf*>(member.parameter) : member.buffer);
  });
  return result;
}

void Module::train(bool on) {
  training_ = on;
  for (Member& member : members_) {
    if (member.child) member.child->train(on);
  }
}

void Module::zero_grad() {
  for (Parameter* parameter : parameters()) parameter->zero_grad();
}

std::size_t Module::parameter_count() {
  std::size_t count = 0;
  for (Parameter* parameter : parameters()) count += parameter->size();
  return count;
}

std::string Module::summary() {
  std::string text;
  std::size_t width = 9;
  for (Parameter* p : parameters()) width = std::max(width, p->name().size());
  const auto line = [&](const std::string& name, const std::string& shape, std::size_t count) {
    text += fmt::format("{:<{}}  {:>16}  {:>12}  {:>12}\n", name, width, shape, count, count * sizeof(Real));
  };
  text += fmt::format("{:<{}}  {:>16}  {:>12}  {:>12}\n", "parameter", width, "shape", "numbers", "bytes");
  for (Parameter* p : parameters()) line(p->name(), to_string(p->shape()), p->size());
  line("total", "", parameter_count());
  return text;
}

Parameter::Parameter(Module* owner, const std::string& name, Shape shape, Init rule)
    : Leaf(required(*owner, name, shape), shape), rule_(std::move(rule)) {
  owner->register_member(name, this, nullptr);
  if (!WithoutInit::active()) initialize(initial_seed());
}

Buffer::Buffer(Module* owner, const std::string& name, Shape shape, Real value)
    : Leaf(required(*owner, name, shape), shape) {
  owner->register_member(name, nullptr, nullptr, this);
  frozen = true;
  std::ranges::fill(this->value(), value);
}

void Parameter::initialize(std::uint64_t seed) { initialize(seed, rule_); }

void Parameter::initialize(std::uint64_t seed, const Init& rule) {
  Rng rng(derive_seed(seed, name()));
  rule(value(), rng);
}

void initialize(Module& module, std::uint64_t seed) {
  for (Parameter* parameter : module.parameters()) parameter->initialize(seed);
}

void initialize(Module& module, std::uint64_t seed, const Init& rule) {
  for (Parameter* parameter : module.parameters()) parameter->initialize(seed, rule);
}

OnlyLearning::OnlyLearning(Module& module, List<const Parameter*> learning) {
  for (Parameter* parameter : module.parameters()) {
    if (parameter->frozen || std::ranges::find(learning, parameter) != learning.end()) continue;
    parameter->frozen = true;
    frozen_.push_back(parameter);
  }
}

OnlyLearning::~OnlyLearning() {
  for (Parameter* parameter : frozen_) parameter->frozen = false;
}

}
