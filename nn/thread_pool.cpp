#include "nn/thread_pool.h"

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

ThreadPool::ThreadPool(int threads) {
  if (threads < 1) fail("thread pool: {} threads; need at least one", threads);
  failures_.resize(threads);
  for (int worker = 1; worker < threads; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::serve(int worker) {
  std::unique_lock lock(mutex_);
  for (std::uint64_t seen = 0;;) {
    start_.wait(lock, [&] { return stop_ || round_ != seen; });
    if (stop_) return;
    seen = round_;
    lock.unlock();
    do_share(worker);
    lock.lock();
    if (--busy_ == 0) done_.notify_one();
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
  {
    const std::lock_guard lock(mutex_);
    if (work_ != nullptr) fail("thread pool: run was called from inside of its own work");
    work_ = &work;
    count_ = count;
    busy_ = static_cast<int>(workers_.size());
    ++round_;
  }
  start_.notify_all();
  do_share(0);
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return busy_ == 0; });
    work_ = nullptr;
  }
  Failure first;
  for (Failure& failure : failures_) {
    if (failure.exception && (!first.exception || failure.index < first.index)) first = failure;
    failure = {};
  }
  if (first.exception) std::rethrow_exception(first.exception);
}

void run_parallel(ThreadPool* pool, int count, FunctionRef<void(int)> work) {
  if (pool) return pool->run(count, work);
  for (int i = 0; i < count; ++i) work(i);
}

}
