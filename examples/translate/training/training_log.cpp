#include "examples/translate/training/training_log.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/training/number_in.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/json.h"
#include "nn/storage/regular_file.h"

namespace gradus::translate {

namespace {

/// The number to four digits, which are as many as a curve shows, at half the length.
double four_digits(double norm) {
  const std::string text = fmt::format("{:.4g}", norm);
  std::from_chars(text.data(), text.data() + text.size(), norm);
  return norm;
}

Json to_json(const std::vector<ModuleNorm>& norms) {
  Json::Object members;
  for (const auto& [module, norm] : norms) members.push_back({module, four_digits(norm)});
  return Json::object(std::move(members));
}

constexpr Range kWordCount{0, 1e9};

std::vector<ModuleNorm> norms_of(const Json& json, const char* name) {
  std::vector<ModuleNorm> norms;
  const Json* const member = json.find(name);
  if (member == nullptr) return norms;
  for (const auto& [module, norm] : member->members()) norms.push_back({module, norm.as<double>()});
  return norms;
}

Json to_json(const TrainingLog::Step& step) {
  return Json::object({{"step", step.step},
                       {"epoch", step.epoch},
                       {"loss", step.loss},
                       {"learning_rate", step.learning_rate},
                       {"words", step.words},
                       {"gradient_norm", step.gradient_norm},
                       {"gradient_norms", to_json(step.gradient_norms)},
                       {"seconds", step.seconds}});
}

Json to_json(const TrainingLog::Validation& validation) {
  Json::List samples;
  for (const TrainingLog::Sample& sample : validation.samples) {
    samples.push_back(Json::object(
        {{"source", sample.source}, {"reference", sample.reference}, {"translation", sample.translation}}));
  }
  return Json::object({{"step", validation.step},
                       {"epoch", validation.epoch},
                       {"validation", Json::object({{"loss", validation.loss},
                                                    {"perplexity", validation.perplexity},
                                                    {"bleu", validation.bleu},
                                                    {"best", validation.best}})},
                       {"weight_norms", to_json(validation.weight_norms)},
                       {"seconds", validation.seconds},
                       {"samples", std::move(samples)}});
}

/// A number that may be infinite, as the perplexity of a training that failed: JSON writes null for it.
double number_or_null(const Json& object, const char* name) {
  return object[name].is<std::nullptr_t>() ? std::numeric_limits<double>::infinity()
                                           : number_in<double>(object, name, kAnyNumber);
}

TrainingLog::Step step_of(const Json& json) {
  return {.step = number_in<std::uint64_t>(json, "step", kSteps),
          .epoch = number_in<int>(json, "epoch", kEpochs),
          .loss = number_in<double>(json, "loss", kAnyNumber),
          .learning_rate = number_in<double>(json, "learning_rate", kAnyNumber),
          .gradient_norm = number_in<double>(json, "gradient_norm", kAnyNumber),
          .words = number_in<std::int64_t>(json, "words", kWordCount),
          .seconds = number_in<double>(json, "seconds", kSeconds),
          .gradient_norms = norms_of(json, "gradient_norms")};
}

TrainingLog::Validation validation_of(const Json& json) {
  const Json& result = json["validation"];
  TrainingLog::Validation validation{.step = number_in<std::uint64_t>(json, "step", kSteps),
                                     .epoch = number_in<int>(json, "epoch", kEpochs),
                                     .loss = number_or_null(result, "loss"),
                                     .perplexity = number_or_null(result, "perplexity"),
                                     .bleu = number_in<double>(result, "bleu", kAnyNumber),
                                     .best = result["best"].as<bool>(),
                                     .seconds = number_in<double>(json, "seconds", kSeconds),
                                     .samples = {},
                                     .weight_norms = norms_of(json, "weight_norms")};
  for (const Json& sample : json["samples"].items()) {
    validation.samples.push_back({sample["source"].as<std::string>(), sample["reference"].as<std::string>(),
                                  sample["translation"].as<std::string>()});
  }
  return validation;
}

/// The lines of a log up to a step; a line without an end was cut off, and is left out.
std::string lines_until(const std::string& path, std::uint64_t steps) {
  const std::string text = read_regular_file(path);
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    try {
      const Json line = Json::parse(std::string_view(text).substr(begin, end - begin));
      if (line["step"].as<std::uint64_t>() > steps) break;
    } catch (const Error&) {
      break;
    }
  }
  return text.substr(0, begin);
}

}

TrainingLog::TrainingLog(const std::string& path, std::uint64_t steps) : path_(path) {
  const bool goes_on = steps > 0 && std::filesystem::exists(path);
  write_file_atomically(path, goes_on ? lines_until(path, steps) : "");
  file_.reset(std::fopen(path.c_str(), "a"));
  if (!file_) fail("{}: cannot write the file: {}", path, std::generic_category().message(errno));
}

void TrainingLog::write(const Step& step) { write_line(to_json(step).dump()); }

void TrainingLog::write(const Validation& validation) {
  write_line(to_json(validation).dump(-1, Json::InvalidUtf8::Replace));
}

void TrainingLog::write_line(const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fputc('\n', file_.get()) == EOF ||
      std::fflush(file_.get()) != 0) {
    fail("{}: cannot write the file: {}", path_, std::generic_category().message(errno));
  }
}

TrainingHistory read_training_log(const std::string& path) {
  const std::string text = read_regular_file(path);
  TrainingHistory history;
  std::size_t begin = 0;
  int line = 1;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1, ++line) {
    try {
      const Json json = Json::parse(std::string_view(text).substr(begin, end - begin));
      if (json.find("validation") != nullptr) {
        history.validations.push_back(validation_of(json));
      } else {
        history.steps.push_back(step_of(json));
      }
    } catch (const Error& error) {
      fail("{}:{}: not a line of a training's log: {}", path, line, error.what());
    }
  }
  return history;
}

}
