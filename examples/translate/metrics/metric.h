#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradus::translate {

/// A few numbers for every segment of a corpus, such as counts of n-grams. Their sums over the corpus are all that its
/// score depends on, so a score of other segments, or of some of them several times, needs no look at the text.
class SegmentStatistics {
 public:
  /// `width`: numbers a segment.
  explicit SegmentStatistics(size_t width) : width_(width) {}

  void add(std::span<const double> segment) { values_.insert(values_.end(), segment.begin(), segment.end()); }
  size_t width() const { return width_; }
  size_t size() const { return values_.size() / width_; }
  std::span<const double> operator[](size_t segment) const { return {&values_[segment * width_], width_}; }
  std::vector<double> sums() const;
  bool operator==(const SegmentStatistics&) const = default;

 private:
  size_t width_;
  std::vector<double> values_;
};

/// A measure of how near translations come to references. Every metric gives what sacreBLEU 2.6 gives (Post 2018,
/// "A call for clarity in reporting BLEU scores").
class Metric {
 public:
  virtual ~Metric() = default;

  /// `BLEU`, `chrF2++`, `TER`.
  virtual std::string name() const = 0;
  virtual bool lower_is_better() const { return false; }
  /// The options that a score depends on, as sacreBLEU's signatures give them: `case:mixed|eff:no|tok:13a|smooth:exp`.
  virtual std::string settings() const = 0;
  /// The numbers that a segment has in its statistics.
  virtual size_t width() const = 0;
  /// The numbers of a segment with its references, one or more.
  virtual std::vector<double> statistics(std::string_view hypothesis,
                                         std::span<const std::string> references) const = 0;
  /// The score of segments whose numbers have these sums, 0 to 100 (TER can be more).
  virtual double score(std::span<const double> sums) const = 0;
  /// The score with what it is made of, in a line.
  virtual std::string summary(std::span<const double> sums) const = 0;
  /// What the score is made of, by name.
  virtual std::vector<std::pair<std::string, double>> components(std::span<const double> sums) const = 0;
};

/// The references of every segment: `references[i]` are those of `hypotheses[i]`.
using References = std::vector<std::vector<std::string>>;

/// The references of every segment, from files whose lines correspond: `files[r][i]` is a reference of segment i.
References references_of(std::span<const std::vector<std::string>> files);

/// The statistics of a corpus. Throws Error when the numbers of hypotheses and of references differ, or a segment has
/// no reference.
SegmentStatistics corpus_statistics(const Metric& metric, std::span<const std::string> hypotheses,
                                    const References& references);

/// `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:gradus-0.1.0`: all that a score depends on, to be reported
/// with it. `extra` are fields about resampling, such as `bs:1000|seed:12345`. Segments that have different numbers of
/// references give `nrefs:var`.
std::string signature(const Metric& metric, const References& references, std::string_view extra = {});

}
