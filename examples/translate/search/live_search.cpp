#include "examples/translate/search/live_search.h"

#include <array>
#include <cstddef>

#include "autograd/error.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/search/allowed_words.h"

namespace gradus::translate {

namespace {

constexpr std::array kOnly{0};  // a batch of one sentence

/// The likeliest of the allowed words, the first one if there are several.
int likeliest(const WordScores& scores, const AllowedWords& allowed) {
  int best = kEnd;
  bool found = false;
  for (int word = 0; word < scores.words() && !allowed.must_end(); ++word) {
    const Real* const all = scores.row(0).scores;
    if (!allowed(word) || (found && all[word] <= all[best])) continue;
    best = word;
    found = true;
  }
  return best;
}

}

void LiveSearch::Rows::append(Tensor x) {
  width = x.dim(-1);
  numbers.insert(numbers.end(), x.value().begin(), x.value().end());
}

Tensor LiveSearch::Rows::all() const { return constant({static_cast<int>(numbers.size() / width), width}, numbers); }

LiveSearch::LiveSearch(Seq2Seq& model, const SearchOptions& options) : model_(model), options_(options) {
  if (!model.config().is_simultaneous())
    fail("live_search: the model has to see the whole source; need a scope that reads it as it comes");
  const Tape tape(Tape::Inference);
  state_.save(model.decoder().begin({}, kOnly), kOnly);
}

std::vector<int> LiveSearch::read(std::span<const int> ids) {
  if (ended_ || ids.empty()) return {};
  encode(ids);
  const auto before = static_cast<std::ptrdiff_t>(words_.size());
  while (!ended_) {
    InterruptGuard::give_up_if_raised();
    const std::optional<int> word = next_word();
    if (!word) break;
    ended_ = *word == kEnd;
    if (!ended_) words_.push_back(*word);
  }
  return {words_.begin() + before, words_.end()};
}

void LiveSearch::encode(std::span<const int> ids) {
  const Tape tape(Tape::Inference);
  const int count = static_cast<int>(ids.size());
  const Tensor states = model_.encoder().read_on(ids, encoder_, &model_.decoder().embedding_weight());
  const KeysValues more = model_.decoder().prepare(states, Packing({&count, 1}), kOnly)[0];
  keys_.append(more.keys);
  values_.append(more.values);
  heads_ = more.heads;
  length_ += count;
  source_ended_ = ids.back() == kEnd;
}

KeysValues LiveSearch::source() const {
  return {keys_.all(), values_.all(), packed_rows(Packing({&length_, 1})).split(heads_), {}, heads_};
}

/// The next word, if enough was read for it.
std::optional<int> LiveSearch::next_word() {
  const Tape tape(Tape::Inference);
  Decoder& decoder = model_.decoder();
  const KeysValues read = source();
  const int previous = words_.empty() ? kBegin : words_.back();
  const Tensor embedded = decoder.embed({&previous, 1});
  const Decoder::Step step = decoder.step(embedded, state_.restore(decoder.begin({}, kOnly)), {&read, 1});
  if (!source_ended_ && step.output.delay.item() > static_cast<Real>(length_)) return {};
  state_.save(step.state, kOnly);
  const WordScores scores(std::array{decoder.output()(decoder.readout({&step.output, 1}, embedded)).value()});
  return likeliest(scores, AllowedWords(options_, length_limits(options_, length_), words_));
}

}
