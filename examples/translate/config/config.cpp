#include "examples/translate/config/config.h"

#include "autograd/error.h"

namespace gradus::translate {

DataConfig::DataConfig() : FieldGroup("Data") {}
TrainingConfig::TrainingConfig() : FieldGroup("Training") {}
MachineConfig::MachineConfig() : FieldGroup("Machine") {}

TrainConfig TrainConfig::toy_preset() {
  TrainConfig config;
  config.toy = true;
  config.min_frequency = 1;
  config.lowercase = true;
  config.embedding = config.hidden = config.attention_size = 64;
  config.embedding_deviation = 1;
  config.dropout = 0.1;
  config.epochs = 7;
  config.valid_steps = 1;
  config.batch_size = 32;
  config.learning_rate = 6e-3;
  config.schedule = Schedule::Cosine;
  config.label_smoothing = 0;
  return config;
}

std::vector<ConfigField> TrainConfig::fields() {
  std::vector<ConfigField> all;
  for (FieldGroup* const group :
       std::initializer_list<FieldGroup*>{static_cast<DataConfig*>(this), static_cast<ModelConfig*>(this),
                                          static_cast<TrainingConfig*>(this), static_cast<MachineConfig*>(this)}) {
    const std::vector<ConfigField> fields = group->fields();
    all.insert(all.end(), fields.begin(), fields.end());
  }
  return all;
}

void TrainConfig::check_architecture() const {
  const auto missing_part = [&](Part part) -> const char* {
    if (part == Part::Any) return nullptr;
    const Architecture needed = part == Part::Transformer   ? Architecture::Transformer
                                : part == Part::Convolution ? Architecture::Convolution
                                                            : Architecture::Recurrent;
    if (architecture != needed)
      return architecture == Architecture::Recurrent     ? "to a recurrent model"
             : architecture == Architecture::Transformer ? "to a transformer"
                                                         : "to convolutions";
    return part == Part::Attention && !attention.present ? "without attention" : nullptr;
  };
  for (const auto& [rate, kind] :
       {std::pair(&subword_dropout, TokenizerKind::Bpe), std::pair(&subword_sampling, TokenizerKind::Unigram)}) {
    if (*rate == 0 || tokenizer == kind) continue;
    fail("{}: needs --tokenizer {}, not {}", rate == &subword_dropout ? "subword_dropout" : "subword_sampling",
         name_of(kind), name_of(TokenizerKind(tokenizer)));
  }
  TrainConfig own = *this, defaults;
  const std::vector<ConfigField> fields = own.fields(), at_first = defaults.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const char* const missing = missing_part(fields[i].rules.part);
    if (missing == nullptr || fields[i].equals(at_first[i])) continue;
    fail("{}: {} means nothing {}; leave it at {}", fields[i].key, fields[i].text(), missing, at_first[i].text());
  }
}

}
