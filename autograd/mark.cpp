#include "autograd/mark.h"

#include <algorithm>
#include <string_view>

namespace gradus::inline GRADUS_PRECISION {

Mark::Mark(Tape& tape)
    : tape_(&tape), position_(tape.position()), newest_id_(position_.newest ? position_.newest->id : 0) {}

void Mark::rewind() const {
  if (&Tape::active() != tape_) fail("rewind: another tape is active than that of the mark");
  if (position_.newest && position_.newest->id != newest_id_) fail("rewind: an earlier rewind went past the mark");
  if (tape_->mode() == Tape::Record) {
    // A variable's gradient is as old as itself; that of any other node may be younger than the mark.
    const auto may_lie_behind = [&](const Node* node) {
      return node->id <= newest_id_ && node->grad != nullptr && node->op != std::string_view("variable");
    };
    const std::vector<const Node*> nodes = tape_->nodes();
    if (tape_->ran_backward_ || std::any_of(nodes.begin(), nodes.end(), may_lie_behind)) {
      fail("rewind: this tape has gradients, which may lie behind the mark");
    }
  }
  tape_->rewind(position_);
}

}
