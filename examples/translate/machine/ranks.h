#pragma once

#include "nn/parallel/transport.h"
#include "ops/gemm/function_ref.h"

namespace gradus::translate {

/// The ranks that this program is running as: it is alone, unless mpirun, or what else starts MPI programs, has started
/// it several times.
Transport& ranks();

/// How many of them are on this machine.
int ranks_here();

/// Runs a program, whose exit code `work` returns, on all ranks. Rank 0 alone speaks: what the others write to standard
/// output and standard error goes nowhere. But if one of them fails where the rest goes on, it says so, and all end.
/// Returns the exit code; 1, after a message, if the program was started several times and cannot be one of several.
int run_on_ranks(FunctionRef<int()> work);

}
