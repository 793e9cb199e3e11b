#include "nn/parallel/local_transport.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

[[noreturn]] void fail_alone() { fail("transport: a rank that is alone has nobody to talk to"); }

/// Where the ranks of one process leave their messages for each other.
class Mailboxes {
 public:
  explicit Mailboxes(int ranks) : ranks_(ranks), boxes_(static_cast<std::size_t>(ranks) * ranks), ended_(ranks) {}

  int ranks() const { return ranks_; }

  void put(int from, int to, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    Box& box = box_of(from, to);
    box.messages[box.sent++].assign(bytes.begin(), bytes.end());
    changed_.notify_all();
  }

  /// The number of the next message that is asked for.
  std::size_t ask(int from, int to) {
    const std::lock_guard lock(mutex_);
    return box_of(from, to).asked++;
  }

  void take(int from, int to, std::size_t number, std::span<std::byte> bytes) {
    std::unique_lock lock(mutex_);
    auto& messages = box_of(from, to).messages;
    changed_.wait(lock, [&] { return messages.contains(number) || ended_[from]; });
    const auto found = messages.find(number);
    if (found == messages.end()) fail("transport: rank {} has ended", from);
    if (found->second.size() != bytes.size()) {
      fail("transport: a message of {} bytes from rank {}, where {} were expected", found->second.size(), from,
           bytes.size());
    }
    std::ranges::copy(found->second, bytes.begin());
    messages.erase(found);
  }

  void end(int rank) {
    const std::lock_guard lock(mutex_);
    ended_[rank] = true;
    changed_.notify_all();
  }

 private:
  struct Box {
    std::map<std::size_t, std::vector<std::byte>> messages;  // those that nobody has taken, by their numbers
    std::size_t sent = 0, asked = 0;
  };
  Box& box_of(int from, int to) { return boxes_[static_cast<std::size_t>(from) * ranks_ + to]; }

  int ranks_;
  std::vector<Box> boxes_;
  std::vector<bool> ended_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

class LocalTransport : public Transport {
 public:
  LocalTransport(Mailboxes& mailboxes, int rank) : mailboxes_(mailboxes), rank_(rank) {}
  ~LocalTransport() override { mailboxes_.end(rank_); }

  int rank() const override { return rank_; }
  int size() const override { return mailboxes_.ranks(); }
  Message send(int to, std::span<const std::byte> bytes) override {
    mailboxes_.put(rank_, to, bytes);
    return kSent;
  }
  Message receive(int from, std::span<std::byte> bytes) override {
    open_[next_] = {from, mailboxes_.ask(from, rank_), bytes};
    return next_++;
  }
  void wait(Message message) override {
    if (message == kSent) return;
    const auto [from, number, bytes] = open_.extract(message).mapped();
    mailboxes_.take(from, rank_, number, bytes);
  }

 private:
  static constexpr Message kSent = ~Message{0};  // the mailbox has a copy
  struct Receive {
    int from;
    std::size_t number;
    std::span<std::byte> bytes;
  };
  Mailboxes& mailboxes_;
  int rank_;
  std::map<Message, Receive> open_;
  Message next_ = 0;
};

}

Transport::Message Alone::send(int, std::span<const std::byte>) { fail_alone(); }
Transport::Message Alone::receive(int, std::span<std::byte>) { fail_alone(); }
void Alone::wait(Message) { fail_alone(); }

Transport& alone() {
  static Alone only;
  return only;
}

void run_ranks(int ranks, FunctionRef<void(Transport&)> work) {
  Mailboxes mailboxes(ranks);
  std::exception_ptr first;
  std::mutex mutex;
  const auto run = [&](int rank) {
    LocalTransport transport(mailboxes, rank);
    try {
      work(transport);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (int rank = 1; rank < ranks; ++rank) threads.emplace_back(run, rank);
  run(0);
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}
