#include "examples/translate/training/training_log.h"

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/text/text.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const TrainingLog::Step& step) {
  return {{"step", step.step},      {"epoch", step.epoch},
          {"loss", step.loss},      {"learning_rate", step.learning_rate},
          {"words", step.words},    {"gradient_norm", step.gradient_norm},
          {"seconds", step.seconds}};
}

Json to_json(const TrainingLog::Validation& validation) {
  Json samples = Json::array();
  for (const TrainingLog::Sample& sample : validation.samples) {
    samples.push_back(
        {{"source", sample.source}, {"reference", sample.reference}, {"translation", sample.translation}});
  }
  return {{"step", validation.step},
          {"epoch", validation.epoch},
          {"validation",
           {{"loss", validation.loss},
            {"perplexity", validation.perplexity},
            {"bleu", validation.bleu},
            {"best", validation.best}}},
          {"seconds", validation.seconds},
          {"samples", samples}};
}

TrainingLog::Step step_of(const Json& json) {
  return {.step = json.at("step"),
          .epoch = json.at("epoch"),
          .loss = json.at("loss"),
          .learning_rate = json.at("learning_rate"),
          .gradient_norm = json.at("gradient_norm"),
          .words = json.at("words"),
          .seconds = json.at("seconds")};
}

TrainingLog::Validation validation_of(const Json& json) {
  const Json& result = json.at("validation");
  TrainingLog::Validation validation{.step = json.at("step"),
                                     .epoch = json.at("epoch"),
                                     .loss = result.at("loss"),
                                     .perplexity = result.at("perplexity"),
                                     .bleu = result.at("bleu"),
                                     .best = result.at("best"),
                                     .seconds = json.at("seconds"),
                                     .samples = {}};
  for (const Json& sample : json.at("samples")) {
    validation.samples.push_back({sample.at("source"), sample.at("reference"), sample.at("translation")});
  }
  return validation;
}

/// The lines of a log up to a step; a line without an end was cut off, and is left out.
std::string lines_until(const std::string& path, std::uint64_t steps) {
  const std::string text = read_file(path);
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const Json line = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!line.is_object() || !line.contains("step") || line["step"] > steps) break;
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
  write_line(to_json(validation).dump(-1, ' ', false, Json::error_handler_t::replace));
}

void TrainingLog::write_line(const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fputc('\n', file_.get()) == EOF ||
      std::fflush(file_.get()) != 0) {
    fail("{}: cannot write the file: {}", path_, std::generic_category().message(errno));
  }
}

TrainingHistory read_training_log(const std::string& path) {
  const std::string text = read_file(path);
  TrainingHistory history;
  std::size_t begin = 0;
  int line = 1;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1, ++line) {
    try {
      const Json json = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                    text.begin() + static_cast<std::ptrdiff_t>(end));
      if (json.contains("validation")) {
        history.validations.push_back(validation_of(json));
      } else {
        history.steps.push_back(step_of(json));
      }
    } catch (const nlohmann::json::exception&) {
      fail("{}:{}: not a line of a training's log", path, line);
    }
  }
  return history;
}

}
