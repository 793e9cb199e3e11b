#include "examples/translate/model/attention_parts.h"

#include "nn/attention_scopes.h"
#include "nn/attention_scores.h"

namespace gradus::translate {

namespace {

std::unique_ptr<Attention> make_score(Module* parent, const std::string& name, const ModelConfig& config) {
  const int hidden = config.hidden;
  const AttentionConfig& attention = config.attention;
  switch (attention.score) {
    case ScoreKind::Additive:
      return std::make_unique<AdditiveAttention>(parent, name, hidden, hidden, attention.size);
    case ScoreKind::Concat:
      return std::make_unique<ConcatAttention>(parent, name, hidden, hidden, attention.size);
    case ScoreKind::Dot:
      return std::make_unique<DotAttention>(parent, name);
    case ScoreKind::General:
      return std::make_unique<GeneralAttention>(parent, name, hidden, hidden);
    case ScoreKind::ScaledDot:
      return std::make_unique<DotAttention>(parent, name, Attention::InverseSqrt);
    case ScoreKind::ScaledGeneral:
      return std::make_unique<GeneralAttention>(parent, name, hidden, hidden, Attention::InverseSqrt);
    case ScoreKind::Location:
      return std::make_unique<LocationAttention>(parent, name, hidden, attention.positions);
    case ScoreKind::Cosine:
      return std::make_unique<CosineAttention>(parent, name, hidden, hidden);
    case ScoreKind::MultiHead:
      break;
  }
  return std::make_unique<MultiHeadAttention>(parent, name, hidden, hidden, attention.heads);
}

/// The share of words for which hard attention stays soft in training (Xu et al. 2015, section 4.1).
constexpr Real kExpectedShare = Real(0.5);

std::unique_ptr<AttentionScope> make_scope(Attention* attention, const ModelConfig& config) {
  switch (config.attention.scope) {
    case ScopeKind::Global:
      return std::make_unique<GlobalScope>();
    case ScopeKind::LocalM:
      return std::make_unique<LocalMonotonic>(config.attention.window);
    case ScopeKind::LocalP:
      return std::make_unique<LocalPredictive>(attention, config.hidden, config.attention.window);
    case ScopeKind::Hard:
      break;
  }
  return std::make_unique<HardScope>(kExpectedShare);
}

}

std::unique_ptr<Attention> make_attention(Module* parent, const std::string& name, const ModelConfig& config) {
  std::unique_ptr<Attention> attention = make_score(parent, name, config);
  attention->scope = make_scope(attention.get(), config);
  attention->scope->normalizer = config.attention.normalizer;
  if (config.attention.coverage) attention->coverage.emplace(attention.get(), "coverage", config.hidden, 1);
  return attention;
}

}
