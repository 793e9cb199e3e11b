#pragma once

#include "nn/parallel/transport.h"
#include "ops/gemm/function_ref.h"

namespace gradus::inline GRADUS_PRECISION {

/// The only rank: for whoever needs a transport and has no other processes.
class Alone : public Transport {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  Message send(int to, std::span<const std::byte> bytes) override;  ///< an Error: there is nobody
  Message receive(int from, std::span<std::byte> bytes) override;   ///< an Error too
  void wait(Message message) override;                              ///< an Error too
};

/// One that is always there.
Transport& alone();

/// Calls work(transport) for so many ranks, each a thread of this process, and returns when all have ended. If calls
/// throw, those that wait for these ranks get an Error, and the exception of the first that threw is thrown here.
void run_ranks(int ranks, FunctionRef<void(Transport&)> work);

}
