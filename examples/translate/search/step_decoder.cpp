#include "examples/translate/search/step_decoder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "examples/translate/base/interrupt.h"

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
EncodedSource select(EncodedSource source, std::span<const int> chosen) {
  return Tape::active().arena().make_array(source.size(), [&](std::size_t i) { return source[i].select(chosen); });
}

}

void SavedState::save(const DecoderState& state, std::span<const int> rows) {
  std::size_t count = 0;
  state.each([&](Tensor x) {
    if (tensors_.size() == count) tensors_.emplace_back();
    Rows& kept = tensors_[count++];
    kept.width = x ? x.dim(1) : 0;
    kept.numbers.resize(rows.size() * kept.width);
    for (std::size_t i = 0; x && i < rows.size(); ++i) {
      std::copy_n(x.value().row(rows[i]), kept.width, kept.numbers.data() + i * kept.width);
    }
  });
  position_ = state.position;
}

DecoderState SavedState::restore(const DecoderState& like) const {
  std::size_t next = 0;
  DecoderState state = like.map([&](Tensor) -> Tensor {
    const Rows& kept = tensors_[next++];
    if (kept.width == 0) return {};
    return constant({static_cast<int>(kept.numbers.size()) / kept.width, kept.width}, kept.numbers);
  });
  state.position = position_;
  return state;
}

StepDecoder::StepDecoder(std::span<const Member> members, std::span<const int> chosen) {
  for (const Member& member : members) {
    const auto [source, state] = member.model->encode(batch_in_order(member.sources, chosen));
    const std::span lengths = tape_.arena().make_array(
        chosen.size(), [&](std::size_t i) { return static_cast<int>(member.sources[chosen[i]].size()); });
    parts_.push_back({&member.model->decoder(), source, lengths, state, {state, {}}, {}});
  }
  encoded_ = Mark(tape_);
}

void StepDecoder::keep(std::span<const int> rows) {
  for (Part& part : parts_) part.saved.save(part.last.state, rows);
  encoded_.rewind();
}

WordScores StepDecoder::step(std::span<const int> sentences, std::span<const int> words) {
  InterruptGuard::give_up_if_raised();
  std::vector<Array> scores;
  for (Part& part : parts_) {
    const Tensor embedded = part.decoder->embed(words);
    part.last = part.decoder->step(embedded, part.saved.restore(part.first), select(part.source, sentences));
    scores.push_back(part.decoder->output()(part.decoder->readout({&part.last.output, 1}, embedded)).value());
  }
  return WordScores(scores);
}

void StepDecoder::append_attention(int row, int sentence, std::vector<Real>& to) const {
  const auto attends = [](const Part& part) { return static_cast<bool>(part.last.output.weights); };
  const auto members = static_cast<Real>(std::count_if(parts_.begin(), parts_.end(), attends));
  const std::size_t begin = to.size();
  for (const Part& part : parts_) {
    if (!attends(part)) continue;
    const KeysValues& source = part.source.front();
    const int length = source.rows.length[sentence * source.heads];
    const Real* const weights = part.last.output.weights.value().row(row);
    to.resize(begin + length);
    for (int j = 0; j < length; ++j) to[begin + j] += weights[j] / members;
  }
}

void StepDecoder::append_delay(int row, int sentence, std::vector<int>& to) const {
  int delay = to.empty() ? 0 : to.back();
  for (const Part& part : parts_) {
    const Tensor wanted = part.last.output.delay;
    const int length = part.lengths[sentence];
    delay = std::max(delay, wanted ? std::min(static_cast<int>(std::as_const(wanted).value()[row]), length) : length);
  }
  to.push_back(delay);
}

}
