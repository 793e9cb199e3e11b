#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "autograd/error.h"
#include "nn/rng.h"

namespace gradus::inline GRADUS_PRECISION {

/// How samples become batches.
struct DataLoaderOptions {
  int batch_size = 1;      ///< samples a batch
  bool shuffle = true;     ///< a new order in every epoch
  bool drop_last = false;  ///< leave out a last batch that is smaller than the others
  std::uint64_t seed = 0;  ///< of the orders; loaders of the same seed give the same ones
};

/// The user's own samples, of any type, in batches. Each loop over it is an epoch:
///
///     DataLoader loader(samples, {.batch_size = 32});   // std::vector<Sample>, which must outlive the loader
///     for (int epoch = 0; epoch < 10; ++epoch) {
///       for (const auto& batch : loader) {
///         for (const Sample& sample : batch) ...
///       }
///     }
///
/// It reads no files: a reader of CSV is a library of its own, such as fast-cpp-csv-parser or rapidcsv.
template <class Sample>
class DataLoader {
 public:
  /// Some of the samples, in the order of the epoch.
  class Batch {
   public:
    /// Goes through the samples of a batch.
    class Iterator {
     public:
      using value_type = Sample;               ///< of the standard library's iterators
      using difference_type = std::ptrdiff_t;  ///< of the standard library's iterators
      Iterator() = default;
      Iterator(const Batch* batch, std::size_t i) : batch_(batch), i_(i) {}
      const Sample& operator*() const { return (*batch_)[i_]; }
      Iterator& operator++() {
        ++i_;
        return *this;
      }
      Iterator operator++(int) { return {batch_, i_++}; }
      bool operator==(const Iterator&) const = default;

     private:
      const Batch* batch_ = nullptr;
      std::size_t i_ = 0;
    };

    Batch(std::span<const Sample> samples, std::span<const std::size_t> positions)
        : samples_(samples), positions_(positions) {}
    std::size_t size() const { return positions_.size(); }                             ///< how many samples there are
    const Sample& operator[](std::size_t i) const { return samples_[positions_[i]]; }  ///< the i-th of them
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, size()}; }
    /// Where the samples stand in the user's vector.
    std::span<const std::size_t> positions() const { return positions_; }

   private:
    std::span<const Sample> samples_;
    std::span<const std::size_t> positions_;
  };

  /// Throws for a batch size below 1.
  explicit DataLoader(const std::vector<Sample>& samples, const DataLoaderOptions& options = {})
      : samples_(samples), options_(options), rng_(options.seed), order_(samples.size()) {
    if (options.batch_size < 1) fail("data loader: bad batch size: {}; need 1 or more", options.batch_size);
    batch_size_ = std::size_t(options.batch_size);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }
  DataLoader(std::vector<Sample>&& samples, const DataLoaderOptions& options = {}) = delete;  // it would dangle

  /// How many batches an epoch has.
  std::size_t size() const {
    return order_.size() / batch_size_ + (order_.size() % batch_size_ != 0 && !options_.drop_last ? 1 : 0);
  }

  /// The batches of the next epoch.
  auto begin() {
    if (options_.shuffle) rng_.shuffle(std::span(order_));
    batches_.clear();
    for (std::size_t i = 0; i < size(); ++i) {
      const std::size_t first = i * batch_size_;
      const std::size_t count = std::min(batch_size_, order_.size() - first);
      batches_.emplace_back(samples_, std::span(order_).subspan(first, count));
    }
    return batches_.cbegin();
  }
  auto end() const { return batches_.cend(); }

 private:
  std::span<const Sample> samples_;
  DataLoaderOptions options_;
  std::size_t batch_size_ = 1;
  Rng rng_;
  std::vector<std::size_t> order_;
  std::vector<Batch> batches_;
};

}
