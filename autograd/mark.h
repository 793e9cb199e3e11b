#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// How far a tape has come: where a decoder goes back to after each sentence, so that its memory stays flat.
///
///     const Mark mark(tape);
///     …             // ops
///     mark.rewind();
class Mark {
 public:
  Mark() = default;
  explicit Mark(Tape& tape);

  /// Forgets everything recorded since the mark was made. Throws if another tape is active, if an earlier call went
  /// back to before the mark, or if there are gradients, which may lie behind it.
  void rewind() const;

 private:
  Tape* tape_ = nullptr;
  Tape::Position position_;
  std::uint64_t newest_id_ = 0;
};

}
