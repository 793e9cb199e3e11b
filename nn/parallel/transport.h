#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// What carries bytes between the processes of a training, which are called ranks. It moves them and adds nothing: in
/// which order numbers are added belongs to the recipe (group_sum.h), not to the machine.
///
/// All ranks make the same calls of what is built on a transport, in the same order. Messages from one rank to another
/// arrive in the order in which they were sent. A rank that is gone is an Error, or the end of this process too, sooner
/// or later: no `wait` lasts for ever.
class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual int rank() const = 0;  ///< this process: 0 … size() - 1
  virtual int size() const = 0;  ///< how many there are

  /// A message that is on its way; `wait` for it once.
  using Message = std::size_t;
  /// Begins to send to another rank. The bytes must stay as they are until the message has been waited for.
  virtual Message send(int to, std::span<const std::byte> bytes) = 0;
  /// Begins to receive a message of exactly so many bytes from another rank. They are not to be touched until the
  /// message has been waited for.
  virtual Message receive(int from, std::span<std::byte> bytes) = 0;
  /// Returns when the message has been sent, or is here. Throws Error if that cannot be.
  virtual void wait(Message message) = 0;
};

/// Messages that are on their way together.
class Messages {
 public:
  explicit Messages(Transport& transport) : transport_(transport) {}

  /// Begins to send numbers; see `Transport::send`.
  template <class T>
  void send(int to, std::span<const T> numbers) {
    if (!numbers.empty()) open_.push_back(transport_.send(to, std::as_bytes(numbers)));
  }
  /// Begins to receive numbers; see `Transport::receive`.
  template <class T>
  void receive(int from, std::span<T> numbers) {
    if (!numbers.empty()) open_.push_back(transport_.receive(from, std::as_writable_bytes(numbers)));
  }
  /// Waits for all of them.
  void wait();

 private:
  Transport& transport_;
  std::vector<Transport::Message> open_;
};

/// Gives every rank the whole of `numbers`, of which rank r has the r-th part, from ends[r - 1] to ends[r].
template <class T>
void gather_all(Transport& transport, std::span<T> numbers, std::span<const std::size_t> ends) {
  const auto part = [&](int rank) {
    const std::size_t begin = rank == 0 ? 0 : ends[rank - 1];
    return numbers.subspan(begin, ends[rank] - begin);
  };
  Messages messages(transport);
  for (int rank = 0; rank < transport.size(); ++rank) {
    if (rank == transport.rank()) continue;
    messages.receive(rank, part(rank));
    messages.send(rank, std::span<const T>(part(transport.rank())));
  }
  messages.wait();
}

/// What each rank has one of, in their order, for every rank.
template <class T>
std::vector<T> gather_each(Transport& transport, T own) {
  std::vector<T> all(static_cast<std::size_t>(transport.size()));
  std::vector<std::size_t> ends(all.size());
  std::iota(ends.begin(), ends.end(), 1);
  all[transport.rank()] = own;
  gather_all(transport, std::span(all), ends);
  return all;
}

/// Gives every rank the numbers of rank 0.
template <class T>
void broadcast(Transport& transport, std::span<T> numbers) {
  gather_all(transport, numbers, std::vector(static_cast<std::size_t>(transport.size()), numbers.size()));
}

/// Whether something is so on one rank at least; all get the answer.
bool any_rank(Transport& transport, bool here);

/// The texts of all ranks, in their order, for every rank.
std::vector<std::string> gather_texts(Transport& transport, const std::string& own);

}
