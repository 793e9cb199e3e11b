#include "tests/program/training_run.h"

#include <cmath>
#include <cstdio>
#include <numeric>

#include "examples/translate/text/text.h"
#include "examples/translate/translator/model_folder.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

std::string raw_line(std::string line) {
  if (line[0] >= 'a' && line[0] <= 'z') line[0] = static_cast<char>(line[0] - 'a' + 'A');
  return line + ".\n";
}

std::vector<std::string> write_text(const TemporaryFolder& folder, const std::string& name, const ParallelText& text) {
  std::string source, target;
  for (const std::string& line : text.source) source += raw_line(line);
  for (const std::string& line : text.target) target += raw_line(line);
  std::vector<std::string> paths = {folder.file(name + ".en"), folder.file(name + ".fr")};
  write_file_atomically(paths[0], source);
  write_file_atomically(paths[1], target);
  return paths;
}

Parameter* find(Seq2Seq& model, const std::string& name) {
  for (Parameter* parameter : model.parameters()) {
    if (parameter->name() == name) return parameter;
  }
  return nullptr;
}

}

ToyFiles::ToyFiles(std::size_t train_pairs, std::size_t valid_pairs) {
  const ToyCorpus toy = make_toy_corpus(1, {.train = train_pairs, .valid = valid_pairs, .test = 0, .test_long = 0});
  train = write_text(folder, "train", toy_text(toy.train));
  valid = write_text(folder, "valid", toy_text(toy.valid));
}

const ToyFiles& small_toy_files() {
  static const ToyFiles files(320, 24);
  return files;
}

TrainConfig small_training() {
  TrainConfig config;
  config.train = small_toy_files().train;
  config.valid = small_toy_files().valid;
  config.min_frequency = 1;
  config.embedding = config.hidden = config.attention_size = 16;
  config.embedding_deviation = 0.5;
  config.dropout = config.label_smoothing = config.clip = 0;
  config.learning_rate = 0.02;
  config.batch_size = 32;
  config.epochs = 2;
  config.valid_steps = 1;
  config.threads = 1;
  return config;
}

PreparedTraining::PreparedTraining(const TrainConfig& config) {
  CorpusText text = load_text(config);
  translator = std::make_unique<Translator>(config, learn_languages(text.train, language_options(config)));
  corpus = encode_corpus(std::move(text), *translator, config);
}

std::vector<Real> values_of(Seq2Seq& model, const std::string& name) {
  const Parameter* const parameter = find(model, name);
  if (parameter == nullptr) fail("test: the model has no parameter {}", name);
  return {parameter->value().begin(), parameter->value().end()};
}

bool has_parameter(Seq2Seq& model, const std::string& name) { return find(model, name) != nullptr; }

std::vector<Real> all_values(Seq2Seq& model) {
  std::vector<Real> values;
  for (const Parameter* parameter : model.parameters()) {
    values.insert(values.end(), parameter->value().begin(), parameter->value().end());
  }
  return values;
}

double distance(const std::vector<Real>& a, const std::vector<Real>& b) {
  if (a.size() != b.size()) fail("test: {} numbers have no distance from {}", a.size(), b.size());
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    squares += difference * difference;
  }
  return std::sqrt(squares);
}

double mean_over_words(Seq2Seq& model, Pairs pairs,
                       const std::function<double(std::span<const Real> scores, int target)>& measure) {
  std::vector<int> chosen(pairs.size());
  std::iota(chosen.begin(), chosen.end(), 0);
  const Batch batch = make_batch(pairs, chosen);
  const Tape tape(Tape::Inference);
  const ConstArray logits = model.logits(batch).value();
  double sum = 0;
  for (int i = 0; i < logits.rows(); ++i) {
    sum += measure({logits.row(i), static_cast<std::size_t>(logits.cols())}, batch.target_outputs[i]);
  }
  return sum / logits.rows();
}

TrainingRun::TrainingRun(const TrainConfig& config) {
  PreparedTraining prepared(config);
  translator = std::move(prepared.translator);
  first = all_values(translator->model);
  create_model(folder.path(), *translator);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "w"), std::fclose);
  Progress progress(nowhere.get());
  Trainer trainer(*translator, std::move(prepared.corpus), folder.path(), progress);
  end = trainer.run();
  state = trainer.state();
  translator->model.eval();
  last = all_values(translator->model);
  history = read_training_log(ModelFolder(folder.path()).log);
}

}
