#include "examples/translate/search/step_decoder.h"

#include <algorithm>
#include <numeric>

namespace gradus::translate {

namespace {

/// The chosen sources, packed, for a decoder that sees them in the order in which they were chosen.
Batch batch_in_order(std::span<const std::vector<int>> sources, std::span<const int> chosen) {
  std::vector<std::vector<int>> sentences;
  for (int i : chosen) sentences.push_back(sources[i]);
  std::vector<int> all(chosen.size());
  std::iota(all.begin(), all.end(), 0);
  Batch batch = make_source_batch(sentences, all);
  for (int row = 0; row < batch.size(); ++row) batch.order[batch.pairs[row]] = row;
  batch.pairs = std::move(all);
  return batch;
}

/// For rows of which row i is about sentence chosen[i].
Memories select(Memories memories, std::span<const int> chosen) {
  auto* const selected = Tape::active().arena().allocate<Memory>(memories.size());
  for (std::size_t i = 0; i < memories.size(); ++i) new (&selected[i]) Memory(memories[i].select(chosen));
  return {selected, memories.size()};
}

}

void SavedState::save(const DecoderState& state, std::span<const int> rows) {
  layers_.resize(state.layers.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    save(state.layers[l].hidden, rows, layers_[l].hidden);
    save(state.layers[l].cell, rows, layers_[l].cell);
  }
  pasts_.resize(state.pasts.size());
  for (std::size_t l = 0; l < pasts_.size(); ++l) {
    save(state.pasts[l].keys, rows, pasts_[l].keys);
    save(state.pasts[l].values, rows, pasts_[l].values);
  }
  save(state.output, rows, output_);
  save(state.fed, rows, fed_);
  save(state.fixed_context, rows, fixed_context_);
  save(state.coverage, rows, coverage_);
  position_ = state.position;
}

DecoderState SavedState::restore() const {
  Tape& tape = Tape::active();
  auto* const layers = tape.arena().allocate<LstmState>(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    new (&layers[l]) LstmState{restore(layers_[l].hidden), restore(layers_[l].cell)};
  }
  auto* const pasts = tape.arena().allocate<Past>(pasts_.size());
  for (std::size_t l = 0; l < pasts_.size(); ++l) {
    new (&pasts[l]) Past{restore(pasts_[l].keys), restore(pasts_[l].values)};
  }
  DecoderState state;
  state.layers = {layers, layers_.size()};
  state.pasts = {pasts, pasts_.size()};
  state.output = restore(output_);
  state.fed = restore(fed_);
  state.fixed_context = restore(fixed_context_);
  state.coverage = restore(coverage_);
  state.position = position_;
  return state;
}

void SavedState::save(Tensor x, std::span<const int> rows, Rows& kept) {
  kept.width = x ? x.dim(1) : 0;
  kept.numbers.resize(rows.size() * kept.width);
  for (std::size_t i = 0; x && i < rows.size(); ++i) {
    std::copy_n(x.value().row(rows[i]), kept.width, kept.numbers.data() + i * kept.width);
  }
}

Tensor SavedState::restore(const Rows& kept) {
  if (kept.width == 0) return {};
  return constant({static_cast<int>(kept.numbers.size()) / kept.width, kept.width}, kept.numbers);
}

StepDecoder::StepDecoder(std::span<const Member> members, std::span<const int> chosen) {
  for (const Member& member : members) {
    const auto [memories, state] = member.model->encode(batch_in_order(member.sources, chosen));
    parts_.push_back({&member.model->decoder(), memories, state, {}});
  }
  encoded_ = Mark(tape_);
}

void StepDecoder::keep(std::span<const int> rows) {
  for (Part& part : parts_) part.saved.save(part.state, rows);
  encoded_.rewind();
}

WordScores StepDecoder::step(std::span<const int> sentences, std::span<const int> words) {
  std::vector<Array> scores;
  for (Part& part : parts_) {
    const Tensor embedded = part.decoder->embed(words);
    part.state = part.decoder->step(embedded, part.saved.restore(), select(part.memories, sentences));
    scores.push_back(part.decoder->output()(part.decoder->pre_output({&part.state, 1}, embedded)).value());
  }
  return WordScores(scores);
}

void StepDecoder::append_attention(int row, int sentence, std::vector<Real>& to) const {
  const auto attends = [](const Part& part) { return static_cast<bool>(part.state.weights); };
  const auto members = static_cast<Real>(std::count_if(parts_.begin(), parts_.end(), attends));
  const std::size_t begin = to.size();
  for (const Part& part : parts_) {
    if (!attends(part)) continue;
    const Memory& memory = part.memories.front();
    const int length = memory.sentences.length[sentence * memory.heads];
    const Real* const weights = part.state.weights.value().row(row);
    to.resize(begin + length);
    for (int j = 0; j < length; ++j) to[begin + j] += weights[j] / members;
  }
}

}
