#include "examples/translate/search.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "ops/kernels.h"
#include "ops/weight_product.h"

namespace gradus::translate {

namespace {

constexpr int kBegin = 2, kEnd = 3;  // <s>, </s>; the vocabulary's words come after them
constexpr int kBlock = 512;          // words that are looked at together when the best ones are searched

/// One way to go on: a row of the decoder, one more word, and the log-probability of both.
struct Candidate {
  int row;
  int word;
  double log_probability;
};

/// An open hypothesis.
struct Open {
  std::vector<int> words;
  double log_probability = 0;
  std::vector<Real> attention;
};

/// What is known of one sentence while it is being translated.
struct Sentence {
  int row = 0;             // its place in the batch
  std::vector<Open> beam;  // at most `beam` of them, the best first; each has a row in the decoder
  std::vector<Hypothesis> ended;
  bool done = false;
};

/// The scores of all words in each row of the decoder, and what tells which of them are worth a look.
class Scores {
 public:
  struct Row {
    const Real* scores;
    const Real* block_max;  ///< of each kBlock words
    Real log_sum;

    /// log softmax of a score.
    double log_probability(Real score) const { return static_cast<double>(score - log_sum); }
  };

  /// scores: (rows, words), on the active tape
  explicit Scores(const Array& scores) : words(scores.cols()) {
    Tape& tape = Tape::active();
    const std::size_t blocks = (words + kBlock - 1) / kBlock;
    for (int i = 0; i < scores.rows(); ++i) {
      const Real* const row = scores.data + static_cast<std::size_t>(i) * words;
      Real* const maxima = tape.allocate(blocks);
      kernels::block_max(row, words, kBlock, maxima);
      rows_.push_back({row, maxima, kernels::log_sum_exp(row, words, kernels::max(maxima, blocks))});
    }
  }

  const Row& row(int i) const { return rows_[i]; }

  const int words;

 private:
  std::vector<Row> rows_;
};

/// The decoder's state between two steps, kept outside of the tape, which is rewound after every step.
class SavedState {
 public:
  /// Keeps those rows of the state, in this order.
  void save(const DecoderState& state, std::span<const int> rows) {
    layers_.resize(state.layers.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      save(state.layers[l].hidden, rows, layers_[l].hidden);
      save(state.layers[l].cell, rows, layers_[l].cell);
    }
    save(state.output, rows, output_);
    save(state.context, rows, context_);
  }
  DecoderState restore() const {
    auto* const layers = Tape::active().allocate<LstmState>(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      new (&layers[l]) LstmState{restore(layers_[l].hidden), restore(layers_[l].cell)};
    }
    return {{layers, layers_.size()}, {}, restore(output_), restore(context_), {}};
  }

 private:
  using Rows = std::vector<Real>;  // none for an empty handle
  struct Layer {
    Rows hidden, cell;
  };

  void save(Tensor x, std::span<const int> rows, Rows& kept) {
    kept.clear();
    if (!x) return;
    width_ = x.dim(1);
    kept.resize(rows.size() * width_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(x.value().data + static_cast<std::size_t>(rows[i]) * width_, width_, kept.data() + i * width_);
    }
  }
  Tensor restore(const Rows& kept) const {
    return kept.empty() ? Tensor() : constant({static_cast<int>(kept.size()) / width_, width_}, kept);
  }

  int width_ = 1;  // H, of all of them
  std::vector<Layer> layers_;
  Rows output_, context_;
};

class BeamSearch {
 public:
  BeamSearch(Seq2Seq& model, const Batch& batch, const SearchOptions& options)
      : model_(model), batch_(batch), options_(options), sentences_(batch.size()) {
    for (int i = 0; i < batch.size(); ++i) {
      sentences_[i].row = i;
      sentences_[i].beam.resize(1);
      active_.push_back(&sentences_[i]);
    }
  }

  std::vector<Hypothesis> run() {
    Tape tape(Tape::Inference);
    encoded_ = model_.encode(batch_);
    state_.save(encoded_.state, sentence_rows());
    const Tape::Mark encoded = tape.mark();
    for (int length = 1; length <= options_.max_length && !active_.empty(); ++length) {
      advance(length);
      tape.rewind(encoded);
    }
    return best();
  }

 private:
  /// The batch row of the sentence that each row of the decoder is about.
  std::vector<int> sentence_rows() const {
    std::vector<int> rows;
    for (const Sentence* sentence : active_) rows.insert(rows.end(), sentence->beam.size(), sentence->row);
    return rows;
  }

  /// One step of the decoder for all rows, then the choice of each sentence's next beam.
  void advance(int length) {
    std::vector<int> previous;
    for (const Sentence* sentence : active_) {
      for (const Open& open : sentence->beam) previous.push_back(open.words.empty() ? kBegin : open.words.back());
    }
    Memory memory = encoded_.memory;
    if (memory.values) memory = memory.select(sentence_rows());
    Decoder& decoder = model_.decoder();
    const Tensor embedded = decoder.embed(previous);
    const DecoderState state = decoder.step(embedded, state_.restore(), memory);
    const Scores scores(decoder.output()(decoder.pre_output({&state, 1}, embedded)).value());

    std::vector<int> rows;  // of the state, that the next step goes on from
    int first_row = 0;
    for (Sentence* sentence : active_) {
      const int open = static_cast<int>(sentence->beam.size());
      extend(*sentence, first_row, scores, state.weights, length, rows);
      first_row += open;
    }
    state_.save(state, rows);
    std::erase_if(active_, [](const Sentence* sentence) { return sentence->done; });
  }

  /// The best 2 · beam continuations of a sentence: enough, since at most `beam` of them end it.
  std::vector<Candidate> continuations(const Sentence& sentence, int first_row, const Scores& scores) const {
    const std::size_t wanted = 2 * options_.beam;
    const auto better = [](const Candidate& a, const Candidate& b) { return a.log_probability > b.log_probability; };
    std::vector<Candidate> heap;  // the worst of the best on top
    const auto too_bad = [&](double log_probability) {
      return heap.size() == wanted && log_probability <= heap.front().log_probability;
    };
    for (int b = 0; b < static_cast<int>(sentence.beam.size()); ++b) {
      const double so_far = sentence.beam[b].log_probability;
      const Scores::Row row = scores.row(first_row + b);
      for (int begin = 0; begin < scores.words; begin += kBlock) {
        if (too_bad(so_far + row.log_probability(row.block_max[begin / kBlock]))) continue;
        const int end = std::min(begin + kBlock, scores.words);
        for (int word = std::max(begin, kEnd); word < end; ++word) {  // never <pad>, <unk> or <s>
          const double log_probability = so_far + row.log_probability(row.scores[word]);
          if (too_bad(log_probability)) continue;
          if (heap.size() == wanted) {
            std::pop_heap(heap.begin(), heap.end(), better);
            heap.pop_back();
          }
          heap.push_back({first_row + b, word, log_probability});
          std::push_heap(heap.begin(), heap.end(), better);
        }
      }
    }
    std::sort_heap(heap.begin(), heap.end(), better);
    return heap;
  }

  void extend(Sentence& sentence, int first_row, const Scores& scores, Tensor weights, int length,
              std::vector<int>& rows) {
    std::vector<Open> next;
    std::vector<int> next_rows;
    int rank = 0;
    for (const Candidate& candidate : continuations(sentence, first_row, scores)) {
      const Open& open = sentence.beam[candidate.row - first_row];
      const bool ends = candidate.word == kEnd;
      if (ends && rank++ >= options_.beam) continue;
      if (!ends && static_cast<int>(next.size()) == options_.beam) continue;
      Open extended = open;
      extended.log_probability = candidate.log_probability;
      if (options_.attention && weights) append_attention(extended, sentence, weights, candidate.row);
      if (ends) {
        sentence.ended.push_back(finish(std::move(extended), length));
        continue;
      }
      extended.words.push_back(candidate.word);
      next.push_back(std::move(extended));
      next_rows.push_back(candidate.row);
      ++rank;
    }
    sentence.done = static_cast<int>(sentence.ended.size()) >= options_.beam || next.empty();
    if (sentence.done) return;
    sentence.beam = std::move(next);
    rows.insert(rows.end(), next_rows.begin(), next_rows.end());
  }

  void append_attention(Open& open, const Sentence& sentence, Tensor weights, int row) const {
    const Real* begin = weights.value().data + static_cast<std::size_t>(row) * weights.dim(1);
    open.attention.insert(open.attention.end(), begin, begin + encoded_.memory.sentences.length[sentence.row]);
  }

  Hypothesis finish(Open open, int length) const {
    const double score = open.log_probability / std::pow(length, options_.length_power);
    return {std::move(open.words), open.log_probability, score, std::move(open.attention)};
  }

  std::vector<Hypothesis> best() {
    std::vector<Hypothesis> result;
    for (Sentence& sentence : sentences_) {
      if (sentence.ended.empty()) sentence.ended.push_back(finish(std::move(sentence.beam[0]), options_.max_length));
      result.push_back(std::move(*std::max_element(sentence.ended.begin(), sentence.ended.end(),
                                                   [](const auto& a, const auto& b) { return a.score < b.score; })));
    }
    return result;
  }

  Seq2Seq& model_;
  const Batch& batch_;
  const SearchOptions& options_;
  std::vector<Sentence> sentences_;
  std::vector<Sentence*> active_;  // those that the decoder still works on, up to `beam` rows each
  Seq2Seq::Encoded encoded_;
  SavedState state_;
};

}

std::vector<Hypothesis> search(Seq2Seq& model, const Batch& batch, const SearchOptions& options) {
  return BeamSearch(model, batch, options).run();
}

std::vector<Hypothesis> search_all(Seq2Seq& model, std::span<const std::vector<int>> sources,
                                   const SearchOptions& options, int batch_size, ThreadPool& pool) {
  std::vector<int> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return sources[a].size() > sources[b].size(); });
  // Batches of equal size, as many for each thread, so that none has to wait long for another.
  const int count = static_cast<int>(sources.size());
  const int threads = pool.threads();
  const int rounds = (count + batch_size * threads - 1) / (batch_size * threads);
  const int batches = std::min(rounds * threads, count);
  std::vector<Hypothesis> result(sources.size());
  Arena packed_memory;
  PackedWeights packed(packed_memory, PackedWeights::kAnyRows);
  for (Parameter* parameter : model.parameters()) packed.hold(*parameter);
  const auto search_batch = [&](int i) {
    const int begin = static_cast<int>(std::int64_t{count} * i / batches);
    const int end = static_cast<int>(std::int64_t{count} * (i + 1) / batches);
    const Batch batch = make_source_batch(sources, std::span(order).subspan(begin, end - begin));
    std::vector<Hypothesis> found = search(model, batch, options);
    for (int row = 0; row < batch.size(); ++row) result[batch.pairs[row]] = std::move(found[row]);
  };
  if (batches == 1) {
    const SplitProducts split(pool);
    search_batch(0);
  } else {
    pool.run_balanced(batches, search_batch);
  }
  return result;
}

}
