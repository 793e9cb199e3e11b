#include "examples/translate/search/beam_search.h"

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/search/allowed_words.h"

namespace gradus::translate {

namespace {

/// One way to go on: a row of the decoder, one more word, and the log-probability of both.
struct Candidate {
  int row;
  int word;
  double log_probability;
};

bool likelier(const Candidate& a, const Candidate& b) { return a.log_probability > b.log_probability; }

/// The likeliest of all candidates that it was shown.
class BestCandidates {
 public:
  explicit BestCandidates(std::size_t wanted) : wanted_(wanted) {}

  bool too_bad(double log_probability) const {
    return heap_.size() == wanted_ && log_probability <= heap_.front().log_probability;
  }
  bool empty() const { return heap_.empty(); }

  /// One that is not too bad.
  void add(const Candidate& candidate) {
    if (heap_.size() == wanted_) {
      std::pop_heap(heap_.begin(), heap_.end(), likelier);
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), likelier);
  }

  /// All of them, the likeliest first.
  std::vector<Candidate> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), likelier);
    return std::move(heap_);
  }

 private:
  std::size_t wanted_;
  std::vector<Candidate> heap_;  // the worst of the best on top
};

/// What is known of one sentence while it is being translated.
struct Sentence {
  int number = 0;  // in the batch
  int source_length = 0;
  LengthLimits limits;
  std::vector<Hypothesis> beam;  // at most `beam` of them, the likeliest first; each has a row in the decoder
  std::vector<int> beam_nodes;   // their numbers in the tree, if there is one
  NBest best;                    // of those that have ended, at most n_best
  int ended = 0;
  bool done = false;
};

class BeamSearch {
 public:
  BeamSearch(std::span<const Member> members, std::span<const int> chosen, const SearchOptions& options,
             SearchTree* tree)
      : options_(options), decoder_(members, chosen), sentences_(chosen.size()), tree_(tree) {
    if (tree != nullptr && chosen.size() != 1) fail("beam_search: a tree is of one source, here are {}", chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      Sentence& sentence = sentences_[i];
      sentence.number = static_cast<int>(i);
      sentence.source_length = static_cast<int>(members[0].sources[chosen[i]].size());
      sentence.limits = length_limits(options, sentence.source_length - 1);
      sentence.beam.resize(1);
      if (tree != nullptr) sentence.beam_nodes = {-1};
      active_.push_back(&sentence);
    }
  }

  std::vector<NBest> run() {
    decoder_.keep(rows_by_sentence());
    while (!active_.empty()) advance();
    std::vector<NBest> result;
    for (Sentence& sentence : sentences_) result.push_back(std::move(sentence.best));
    return result;
  }

 private:
  /// The sentence that each row of the decoder is about.
  std::vector<int> rows_by_sentence() const {
    std::vector<int> rows;
    for (const Sentence* sentence : active_) rows.insert(rows.end(), sentence->beam.size(), sentence->number);
    return rows;
  }

  /// One step of the decoder for all rows, then the choice of each sentence's next beam.
  void advance() {
    std::vector<int> previous;
    for (const Sentence* sentence : active_) {
      for (const Hypothesis& open : sentence->beam) previous.push_back(open.words.empty() ? kBegin : open.words.back());
    }
    const WordScores scores = decoder_.step(rows_by_sentence(), previous);
    std::vector<int> rows;  // that the next step goes on from
    int first_row = 0;
    for (Sentence* sentence : active_) {
      const int open = static_cast<int>(sentence->beam.size());
      extend(*sentence, first_row, scores, rows);
      first_row += open;
    }
    decoder_.keep(rows);
    std::erase_if(active_, [](const Sentence* sentence) { return sentence->done; });
  }

  /// The best 2 · beam continuations of a sentence: enough, since at most `beam` of them end it.
  std::vector<Candidate> continuations(const Sentence& sentence, int first_row, const WordScores& scores) const {
    BestCandidates best(2 * static_cast<std::size_t>(options_.beam));
    const auto end = [&](int b) {
      const WordScores::Row& row = scores.row(first_row + b);
      const double log_probability = sentence.beam[b].log_probability + row.log_probability(row.scores[kEnd]);
      if (!best.too_bad(log_probability)) best.add({first_row + b, kEnd, log_probability});
    };
    const int open = static_cast<int>(sentence.beam.size());
    for (int b = 0; b < open; ++b) {
      const AllowedWords allowed(options_, sentence.limits, sentence.beam[b].words);
      if (allowed.must_end()) {
        end(b);
      } else {
        add_words(best, first_row + b, sentence.beam[b].log_probability, scores, allowed);
      }
    }
    if (best.empty()) {  // no word is allowed, so they end even if too short
      for (int b = 0; b < open; ++b) end(b);
    }
    return std::move(best).sorted();
  }

  static void add_words(BestCandidates& best, int row_number, double so_far, const WordScores& scores,
                        const AllowedWords& allowed) {
    const WordScores::Row row = scores.row(row_number);
    for (int begin = 0; begin < scores.words(); begin += WordScores::kBlock) {
      if (best.too_bad(so_far + row.log_probability(row.block_max[begin / WordScores::kBlock]))) continue;
      const int end = std::min(begin + WordScores::kBlock, scores.words());
      for (int word = begin; word < end; ++word) {
        const double log_probability = so_far + row.log_probability(row.scores[word]);
        if (!best.too_bad(log_probability) && allowed(word)) best.add({row_number, word, log_probability});
      }
    }
  }

  /// Chooses the sentence's next beam, and adds the rows that it comes from to `rows`.
  void extend(Sentence& sentence, int first_row, const WordScores& scores, std::vector<int>& rows) {
    std::vector<Hypothesis> next;
    std::vector<int> next_rows;
    const std::vector<Candidate> candidates = continuations(sentence, first_row, scores);
    const std::size_t first_node = note(sentence, first_row, candidates);
    int rank = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Candidate& candidate = candidates[i];
      const bool ends = candidate.word == kEnd;
      if (ends && rank++ >= options_.beam) continue;
      if (!ends && static_cast<int>(next.size()) == options_.beam) continue;
      Hypothesis extended = sentence.beam[candidate.row - first_row];
      extended.log_probability = candidate.log_probability;
      if (options_.needs_attention()) decoder_.append_attention(candidate.row, sentence.number, extended.attention);
      if (options_.delays) decoder_.append_delay(candidate.row, sentence.number, extended.delays);
      if (ends) {
        const double score = set_aside(sentence, std::move(extended));
        if (tree_ != nullptr) note_end(first_node + i, score);
        continue;
      }
      extended.words.push_back(candidate.word);
      if (options_.stop == StopRule::Exact && cannot_win(sentence, extended)) {  // nor can those after it
        for (; tree_ != nullptr && i < candidates.size(); ++i) fate(first_node + i) = SearchTree::Fate::Hopeless;
        break;
      }
      if (tree_ != nullptr) fate(first_node + i) = SearchTree::Fate::Kept;
      next.push_back(std::move(extended));
      next_rows.push_back(candidate.row);
      ++rank;
    }
    sentence.done = next.empty() || enough(sentence, next);
    if (sentence.done) return;
    sentence.beam = std::move(next);
    if (tree_ != nullptr) sentence.beam_nodes = kept_nodes(first_node);
    rows.insert(rows.end(), next_rows.begin(), next_rows.end());
  }

  /// Keeps an ended hypothesis if it is one of the n best so far. Returns its score.
  double set_aside(Sentence& sentence, Hypothesis ended) const {
    ++sentence.ended;
    const double score = ended.score = final_score(options_, ended, sentence.source_length);
    const auto place = std::upper_bound(sentence.best.begin(), sentence.best.end(), ended,
                                        [](const auto& a, const auto& b) { return a.score > b.score; });
    sentence.best.insert(place, std::move(ended));
    if (static_cast<int>(sentence.best.size()) > options_.n_best) sentence.best.pop_back();
    return score;
  }

  SearchTree::Fate& fate(std::size_t node) { return tree_->nodes[node].fate; }

  /// Adds the candidates of a step to the tree, if there is one, as if all were pruned. Returns the first one's number.
  std::size_t note(const Sentence& sentence, int first_row, const std::vector<Candidate>& candidates) {
    if (tree_ == nullptr) return 0;
    const std::size_t first_node = tree_->nodes.size();
    const int step = static_cast<int>(sentence.beam.front().words.size());
    for (const auto& [row, word, log_probability] : candidates) {
      tree_->nodes.push_back(
          {sentence.beam_nodes[row - first_row], step, word, log_probability, SearchTree::Fate::Pruned});
    }
    return first_node;
  }

  void note_end(std::size_t node, double score) {
    tree_->nodes[node].score = score;
    fate(node) = SearchTree::Fate::Ended;
    const bool wins = tree_->best < 0 || score > tree_->nodes[tree_->best].score;
    if (wins) tree_->best = static_cast<int>(node);
  }

  /// Those from a node on that were kept.
  std::vector<int> kept_nodes(std::size_t first_node) {
    std::vector<int> kept;
    for (std::size_t i = first_node; i < tree_->nodes.size(); ++i) {
      if (fate(i) == SearchTree::Fate::Kept) kept.push_back(static_cast<int>(i));
    }
    return kept;
  }

  /// Whether nothing that comes of an open hypothesis can be one of the n best.
  bool cannot_win(const Sentence& sentence, const Hypothesis& open) const {
    return static_cast<int>(sentence.best.size()) == options_.n_best &&
           best_possible_score(options_, open, sentence.limits) <= sentence.best.back().score;
  }

  /// Whether the search of a sentence whose open hypotheses are `next` is over.
  bool enough(const Sentence& sentence, const std::vector<Hypothesis>& next) const {
    if (options_.beam == 1 || options_.stop == StopRule::First) return sentence.ended >= options_.beam;
    return std::all_of(next.begin(), next.end(), [&](const Hypothesis& open) { return cannot_win(sentence, open); });
  }

  const SearchOptions& options_;
  StepDecoder decoder_;
  std::vector<Sentence> sentences_;
  SearchTree* tree_;               // or null
  std::vector<Sentence*> active_;  // those that the decoder still works on, up to `beam` rows each
};

}

std::vector<NBest> beam_search(std::span<const Member> members, std::span<const int> chosen,
                               const SearchOptions& options, SearchTree* tree) {
  return BeamSearch(members, chosen, options, tree).run();
}

}
