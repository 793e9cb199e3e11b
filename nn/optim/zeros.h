#pragma once

#include <cstddef>
#include <memory>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// Zeros that take memory only where somebody writes to them, page by page, as the system deals it out. So an
/// optimiser's state costs a rank its share of the parameters alone.
class Zeros {
 public:
  explicit Zeros(std::size_t count);  ///< throws std::bad_alloc if the system has no room for so many
  /// Gives back the pages that lie within these numbers of such memory. They are zeros then, the others are as they
  /// were.
  static void give_back(Real* numbers, std::size_t count);
  Real* data() { return numbers_.get(); }  ///< the first of them; null if there is none

 private:
  struct Unmap {
    std::size_t bytes;
    void operator()(Real* numbers) const;
  };
  std::unique_ptr<Real, Unmap> numbers_;
};

}
