#pragma once

#include <vector>

#include "autograd/tape.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/search/search.h"
#include "nn/rng.h"
#include "ops/gemm/thread_pool.h"

/// Models and sentences that the tests of searching have in common.
namespace gradus::translate {

inline constexpr int kFirstWord = kEnd + 1;

/// A model that has learnt nothing, but is sure of what it says, and comes to an end: its numbers are larger than those
/// at first.
inline void make_sure(Seq2Seq& model, Real factor = Real(3.5), Real end = 3) {
  model.eval();
  for (Parameter* parameter : model.parameters()) {
    for (Real& number : parameter->value()) number *= factor;
  }
  model.decoder().output().bias->value().data[kEnd] = end;
}

inline ModelConfig random_config(AttentionKind attention) {
  ModelConfig config = ModelConfig().with_words(40, 300);
  config.attention = attention_named(attention);
  config.attention_size = 64;
  config.embedding = 256;
  config.hidden = 128;
  return config;
}

inline ModelConfig random_transformer() {
  ModelConfig config = ModelConfig().with_words(40, 300);
  config.architecture = Architecture::Transformer;
  config.heads = 4;
  config.embedding = config.hidden = 64;
  config.encoder_layers = config.decoder_layers = 2;
  config.feed_forward = 128;
  return config;
}

/// Writes five words, so that all it could say can be listed.
inline ModelConfig tiny_config(AttentionKind attention) {
  ModelConfig config = ModelConfig().with_words(40, kFirstWord + 5);
  config.attention = attention_named(attention);
  config.attention_size = config.embedding = config.hidden = 8;
  config.embedding_deviation = 1;
  return config;
}

inline std::vector<std::vector<int>> make_sources(int count) {
  std::vector<std::vector<int>> sources(count);
  Rng rng(5);
  for (std::vector<int>& source : sources) {
    source.resize(1 + rng.below(12));
    for (int& word : source) word = kFirstWord + static_cast<int>(rng.below(36));
    source.push_back(kEnd);
  }
  return sources;
}

/// The lines 0, 1, …
inline std::vector<std::uint64_t> first_lines(std::size_t count) {
  std::vector<std::uint64_t> lines(count);
  for (std::size_t i = 0; i < count; ++i) lines[i] = i;
  return lines;
}

inline std::vector<NBest> n_best(Seq2Seq& model, std::span<const std::vector<int>> sources,
                                 const SearchOptions& options) {
  ThreadPool pool(1);
  const Member member{&model, sources};
  return search_n_best({&member, 1}, first_lines(sources.size()), options, 64, pool);
}

/// What the model thinks of a translation, word by word.
inline Hypothesis forced(Seq2Seq& model, const std::vector<int>& source, std::vector<int> words) {
  const Member member{&model, {&source, 1}};
  const int zero = 0;
  StepDecoder decoder({&member, 1}, {&zero, 1});
  Hypothesis result{.words = std::move(words)};
  for (std::size_t t = 0; t <= result.words.size(); ++t) {
    decoder.keep({&zero, 1});
    const int previous = t == 0 ? kBegin : result.words[t - 1];
    const WordScores scores = decoder.step({&zero, 1}, {&previous, 1});
    const WordScores::Row& row = scores.row(0);
    result.log_probability += row.log_probability(row.scores[t < result.words.size() ? result.words[t] : kEnd]);
    decoder.append_attention(0, 0, result.attention);
  }
  return result;
}

}
