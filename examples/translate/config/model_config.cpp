#include "examples/translate/config/model_config.h"

namespace gradus::translate {

AttentionConfig::AttentionConfig() : FieldGroup("Model") {}

AttentionKind AttentionConfig::kind() const {
  if (!present) return AttentionKind::None;
  return attend == AttendWhen::Before ? AttentionKind::Bahdanau : AttentionKind::Luong;
}

bool parse_choice(std::string_view name, AttentionConfig& config) {
  AttentionKind kind{};
  if (!parse_choice(name, kind)) return false;
  config = attention_named(kind, config);
  return true;
}

AttentionConfig attention_named(AttentionKind kind, AttentionConfig config) {
  const bool luong = kind == AttentionKind::Luong;
  config.present = kind != AttentionKind::None;
  config.score = luong ? "scaled-general" : "additive";
  config.attend = luong ? AttendWhen::After : AttendWhen::Before;
  config.input_feeding = luong;
  return config;
}

ModelConfig::ModelConfig() : FieldGroup("Model") {}

ModelConfig ModelConfig::with_words(std::size_t source_words, std::size_t target_words) const {
  ModelConfig config = *this;
  config.source_words = static_cast<int>(source_words);
  config.target_words = static_cast<int>(target_words);
  return config;
}

bool ModelConfig::is_simultaneous() const {
  return architecture == Architecture::Recurrent && attention.present && attention.scope->simultaneous;
}

ModelConfig ModelConfig::with_dropout_rates() const {
  ModelConfig config = *this;
  for (Field<double>* const rate : {&config.embedding_dropout, &config.layer_dropout, &config.output_dropout}) {
    if (*rate == kAsDropout) *rate = config.dropout;
  }
  return config;
}

}
