#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nn/parallel/transport.h"

namespace gradus::inline GRADUS_PRECISION {

/// The processes that an MPI program was started as. The one of a process that exists at a time begins MPI and ends it.
///
/// A thread tells the ranks before and after this one, once a second, that it is alive. If one of them says nothing for
/// `kSilence` seconds, because its machine or the link to it is gone, all ranks that can be reached are ended: MPI
/// alone would wait for it.
class MpiTransport : public Transport {
 public:
  static constexpr int kSilence = 7;  ///< seconds, in which this process itself was running

  /// Begins MPI. `last_words` is given a message before the process ends because another rank is gone.
  explicit MpiTransport(std::function<void(const std::string&)> last_words);
  /// Ends MPI, once all ranks are here.
  ~MpiTransport() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Message send(int to, std::span<const std::byte> bytes) override;
  Message receive(int from, std::span<std::byte> bytes) override;
  void wait(Message message) override;

  int ranks_here() const { return ranks_here_; }  ///< how many of them are on this machine
  std::string name() const;                       ///< `rank 2 (host)`
  /// Whether all ranks come to this call, or to the end of MPI, before so many seconds have passed. It is their last.
  bool meet(double seconds);
  /// Ends all ranks at once, this one with an exit code.
  [[noreturn]] void abort(int code);

 private:
  struct Open;  // requests of MPI

  void beat();
  Message add(int error, const Open& opened);

  int rank_ = 0, size_ = 1, ranks_here_ = 1;
  std::function<void(const std::string&)> last_words_;
  std::vector<Open> open_;
  std::vector<Message> free_;  // entries of `open_`
  bool met_ = false;

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread heart_;
};

}
