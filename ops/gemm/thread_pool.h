#pragma once

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "ops/gemm/function_ref.h"

namespace gradus::inline GRADUS_PRECISION {

/// A few threads that stay. Which thread does which piece of work is fixed, and the pool allocates nothing when it
/// runs, so that memory that belongs to a thread (tapes, arenas) is found again by the next piece.
///
/// Threads that wait look for work for some 50 µs before they sleep: a step of a decoder has a dozen products of 20 µs
/// each, and to wake a thread would take longer than that.
class ThreadPool {
 public:
  /// The calling thread is one of the `threads` (at least 1), so one less is started. Throws Error if the system does
  /// not let them start.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }  ///< the caller included

  /// Calls work(0), …, work(count - 1), of which thread w does w, w + threads(), … in this order, thread 0 being the
  /// caller; returns when all threads are idle again. If calls throw, their threads skip the rest of their work, and
  /// the exception of the smallest index is thrown here. Not to be called from inside of `work`, nor by two threads at
  /// once.
  void run(int count, FunctionRef<void(int)> work);

  /// Calls work(0), …, work(count - 1), for pieces that differ in cost: each thread takes the next one as it gets free.
  void run_balanced(int count, FunctionRef<void(int)> work);

 private:
  void stop();
  void serve(int worker);
  void do_share(int worker);
  void begin_round();

  struct Failure {
    int index = 0;
    std::exception_ptr exception;
  };
  std::vector<std::thread> workers_;
  std::vector<Failure> failures_;  // one a thread

  const FunctionRef<void(int)>* work_ = nullptr;
  int count_ = 0;
  bool stop_ = false;
  std::atomic<unsigned> round_{0};  // how often work was given out; a change wakes the workers
  std::atomic<int> busy_{0};        // workers that have not finished this round
};

/// On the pool, or on this thread alone if there is none.
void run_parallel(ThreadPool* pool, int count, FunctionRef<void(int)> work);

}
