#include <array>
#include <atomic>

#include "autograd/seam.h"
#include "nn/attention_names.h"

/// What readers of files name and never use, without the rest of the library that would come with it: observers of a
/// tape, and the kinds of attention, of which configurations need the names.

namespace gradus::inline GRADUS_PRECISION {

std::atomic<const TapeObserver*> tape_observer{nullptr};

std::span<const NamedScore> attention_scores() {
  static constexpr std::array kScores = {NamedScore{"additive", nullptr}, NamedScore{"scaled-general", nullptr},
                                         NamedScore{"dot", nullptr}};
  return kScores;
}

std::span<const NamedScope> attention_scopes() {
  static constexpr std::array kScopes = {NamedScope{"global", nullptr}, NamedScope{"local-p", nullptr}};
  return kScopes;
}

}
