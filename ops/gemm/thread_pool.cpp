#include "ops/gemm/thread_pool.h"

#include <chrono>
#include <system_error>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Returns when `value` is no longer `old`.
template <class T>
void wait_for_change(const std::atomic<T>& value, T old) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::microseconds kPatience{50};
  const Clock::time_point sleep = Clock::now() + kPatience;
  while (value == old) {
    if (Clock::now() > sleep) return value.wait(old);
  }
}

}

ThreadPool::ThreadPool(int threads) {
  if (threads < 1) fail("thread pool: {} threads; need at least one", threads);
  failures_.resize(threads);
  workers_.reserve(threads);
  try {
    for (int worker = 1; worker < threads; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
  } catch (const std::system_error& error) {
    const std::size_t running = workers_.size() + 1;
    stop();
    fail("thread pool: only {} of {} threads can run: {}", running, threads, error.code().message());
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stop_ = true;
  begin_round();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::begin_round() {
  busy_ = static_cast<int>(workers_.size());
  ++round_;
  round_.notify_all();
}

void ThreadPool::serve(int worker) {
  for (unsigned round = 0;; ++round) {
    wait_for_change(round_, round);
    if (stop_) return;
    do_share(worker);
    if (--busy_ == 0) busy_.notify_one();
  }
}

void ThreadPool::do_share(int worker) {
  int index = worker;
  try {
    for (; index < count_; index += threads()) (*work_)(index);
  } catch (...) {
    failures_[worker] = {index, std::current_exception()};
  }
}

void ThreadPool::run(int count, FunctionRef<void(int)> work) {
  if (work_ != nullptr) fail("thread pool: run was called from inside of its own work");
  work_ = &work;
  count_ = count;
  begin_round();
  do_share(0);
  for (int busy; (busy = busy_) != 0;) wait_for_change(busy_, busy);
  work_ = nullptr;
  Failure first;
  for (Failure& failure : failures_) {
    if (failure.exception && (!first.exception || failure.index < first.index)) first = failure;
    failure = {};
  }
  if (first.exception) std::rethrow_exception(first.exception);
}

void ThreadPool::run_balanced(int count, FunctionRef<void(int)> work) {
  std::atomic<int> next{0};
  run(threads(), [&](int) {
    for (int i; (i = next++) < count;) work(i);
  });
}

void run_parallel(ThreadPool* pool, int count, FunctionRef<void(int)> work) {
  if (pool) return pool->run(count, work);
  for (int i = 0; i < count; ++i) work(i);
}

}
