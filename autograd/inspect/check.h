#pragma once

#include "autograd/tape.h"

/// The checking mode: finds what otherwise goes wrong in silence, and says where.
///
///     const Checking checking;   // for as long as it lives, on all threads
///     GRADUS_CHECK=1 program     // or from the first op of any program to its last
///
/// Each fault is an `Error` that names op, shapes and module. Results stay the same to the bit. A step takes up to
/// half as long again, since all numbers are read once more; without the mode it takes no time at all.

namespace gradus::inline GRADUS_PRECISION {

/// What is looked for. On an inference tape, which keeps no inputs, that is the first NaN only.
struct alignas(8) CheckOptions {  // so that it is read and written at once
  /// The first NaN or infinity, forward and backward: where an op makes it out of finite numbers, and where it comes
  /// from a parameter. Infinite constants are taken for meant, as is what ops make of them as long as that is no NaN,
  /// since masks have them; the gradients' never are.
  bool finite = true;
  /// A value that is written to after an op has read or made it, and before that op's closure, which reads it again: by
  /// `x.value()[0] = …`, or by an optimiser's step between forward and backward.
  bool changes = true;
  /// Two inputs of an op of which each is stretched to the other's shape although one has fewer axes, as in (n, 1) -
  /// (n), which is (n, n). That all pairs are meant one says by equal ranks: (n, 1) - (1, n).
  bool broadcasts = true;
  /// A gradient that is added to one of an earlier step: the value has changed since, and nobody has called
  /// `zero_grad`. Adding up over batches, tapes and shards, with the same value, is as it should be.
  bool zero_grads = true;
  /// `x.value()[i]` for an i that x does not have; in debug builds (without NDEBUG) it is looked for anyway.
  bool indices = true;
};

/// Nothing is looked for.
inline constexpr CheckOptions kCheckNothing{false, false, false, false, false};

/// Checks for as long as it lives; of several the last one counts, until it ends. To be made and to end while no other
/// thread uses tapes.
class Checking {
 public:
  explicit Checking(const CheckOptions& options = {});
  ~Checking();
  Checking(const Checking&) = delete;
  Checking& operator=(const Checking&) = delete;

  /// What is looked for at the moment.
  static CheckOptions options();

 private:
  CheckOptions before_;
};

}
