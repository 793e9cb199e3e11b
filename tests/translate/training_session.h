#pragma once

#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "examples/translate/input/read_file.h"
#include "examples/translate/training/trainer.h"
#include "tests/support/temporary_folder.h"

/// Trainings in a folder, as `gradus train` runs them, of a small part of the toy language.
namespace gradus::translate {

inline CorpusText small_corpus() {
  const ToyCorpus toy = make_toy_corpus(1, {.train = 320, .valid = 24, .test = 0, .test_long = 0});
  return {toy_text(toy.train), toy_text(toy.valid)};
}

inline TrainConfig small_config() {
  TrainConfig config = TrainConfig::toy_preset();
  config.embedding = config.hidden = config.attention_size = 16;
  config.batch_size = 32;
  config.epochs = 2;
  config.schedule = Schedule::Plateau;
  config.learning_rate = 0.02;
  config.threads = 2;
  return config;
}

inline std::unique_ptr<Translator> new_translator(const TrainConfig& config, const CorpusText& corpus) {
  return std::make_unique<Translator>(config, learn_languages(corpus.train, language_options(config)));
}

/// A stream that raises SIGINT at its n-th line, as a user might who watches the progress.
struct InterruptingStream {
  explicit InterruptingStream(int line) : lines_left(line) {
    const auto write = [](void* self, const char* text, size_t size) -> ssize_t {
      const bool ends_line = size > 0 && text[size - 1] == '\n';
      if (ends_line && --static_cast<InterruptingStream*>(self)->lines_left == 0) std::raise(SIGINT);
      return static_cast<ssize_t>(size);
    };
    file = ::fopencookie(this, "w", {.read = nullptr, .write = write, .seek = nullptr, .close = nullptr});
  }
  ~InterruptingStream() { std::fclose(file); }

  int lines_left;
  std::FILE* file;
};

/// Runs a training in the folder, as `gradus train` does: a new one, or the one that is there.
struct Session {
  Session(const std::string& directory, const TrainConfig& config, const CorpusText& corpus, bool resume,
          int interrupt_at = 0)
      : stream(interrupt_at),
        progress(stream.file, 0),
        translator(resume ? load_words(directory, config) : new_translator(config, corpus)) {
    if (!resume) create_model(directory, *translator);
    trainer = std::make_unique<Trainer>(*translator, encode_corpus(corpus, *translator, config), directory, progress);
    if (resume) trainer->resume();
  }

  InterruptingStream stream;
  Progress progress;
  std::unique_ptr<Translator> translator;
  std::unique_ptr<Trainer> trainer;
};

/// The numbers of a safetensors file, without its header, which says how long the training took.
inline std::string numbers(const std::string& path) {
  const std::string bytes = read_file(path);
  std::uint64_t header = 0;
  REQUIRE(bytes.size() > sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  return bytes.substr(sizeof header + header);
}

inline bool same_training(const TemporaryFolder& a, const TemporaryFolder& b) {
  return numbers(a.file("last.safetensors")) == numbers(b.file("last.safetensors")) &&
         numbers(a.file("model.safetensors")) == numbers(b.file("model.safetensors"));
}

}
