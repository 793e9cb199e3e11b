#include "examples/translate/training/joining.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/machine/shared_work.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/model_folder.h"

namespace gradus::translate {

namespace {

/// What the others have to know: folder, file of tokens and its key, then the sentences to validate on and their
/// translations.
std::vector<std::string> order_of(const std::string& directory, const std::string& tokens, const Corpus& corpus) {
  std::vector<std::string> order{directory, tokens, std::to_string(corpus.tokens->summary().key)};
  for (const std::vector<std::string>* const side : {&corpus.valid_text.source, &corpus.valid_text.target}) {
    order.insert(order.end(), side->begin(), side->end());
  }
  return order;
}

Corpus corpus_of(const std::vector<std::string>& order, const Languages& languages) {
  constexpr std::size_t kHead = 3;
  Corpus corpus;
  corpus.tokens = std::make_shared<TokenFile>(order[1], std::stoull(order[2]), languages.source.vocabulary.size(),
                                              languages.target.vocabulary.size());
  corpus.train = corpus.tokens->pairs();
  const std::size_t pairs = (order.size() - kHead) / 2;
  for (std::size_t i = kHead; i < kHead + pairs; ++i) corpus.valid_text.add(order[i], order[i + pairs], i - kHead + 1);
  corpus.valid = languages.encode(corpus.valid_text);
  return corpus;
}

Trainer::End join(Transport& transport, const std::vector<std::string>& order) {
  const std::string& directory = order.front();
  if (!has_begun(directory)) {
    fail("{}: no checkpoint to be seen from here; the ranks of a training need a folder that all of them share",
         directory);
  }
  const std::unique_ptr<Translator> translator = load_words(directory, load_config(directory));
  Progress progress;
  Trainer trainer(*translator, corpus_of(order, *translator), directory, progress, transport);
  trainer.resume();
  return trainer.run();
}

}

Leader::~Leader() {
  if (in_training_) return;  // the others are not listening
  try {
    broadcast_texts(transport_, {});
  } catch (const Error&) {  // they are gone
  }
}

void Leader::begin(const std::string& directory, const std::string& tokens, const Corpus& corpus) {
  in_training_ = true;
  if (transport_.size() > 1) broadcast_texts(transport_, order_of(directory, tokens, corpus));
}

bool join_trainings(Transport& transport) {
  auto end = Trainer::End::Epochs;
  while (true) {
    const std::vector<std::string> order = broadcast_texts(transport, {});
    if (order.empty()) return end == Trainer::End::Interrupted;
    end = join(transport, order);
  }
}

}
