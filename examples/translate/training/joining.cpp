#include "examples/translate/training/joining.h"

#include "autograd/error.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/model_folder.h"

namespace gradus::translate {

namespace {

std::string order_of(Transport& transport) { return gather_texts(transport, "").front(); }

Trainer::End join(Transport& transport, const std::string& directory) {
  if (!has_begun(directory)) {
    fail("{}: no checkpoint to be seen from here; the ranks of a training need a folder that all of them share",
         directory);
  }
  const TrainConfig config = load_config(directory);
  const std::unique_ptr<Translator> translator = load_words(directory, config);
  Progress progress;
  Trainer trainer(*translator, encode_corpus(load_text(config), *translator, config), directory, progress, transport);
  trainer.resume();
  return trainer.run();
}

}

Leader::~Leader() {
  if (in_training_ || transport_.size() == 1) return;  // the others are not listening
  try {
    gather_texts(transport_, "");
  } catch (const Error&) {  // they are gone
  }
}

void Leader::begin(const std::string& directory) {
  gather_texts(transport_, directory);
  in_training_ = true;
}

bool join_trainings(Transport& transport) {
  auto end = Trainer::End::Epochs;
  for (std::string folder = order_of(transport); !folder.empty(); folder = order_of(transport)) {
    end = join(transport, folder);
  }
  return end == Trainer::End::Interrupted;
}

}
