#include "examples/captioner/config.h"

#include "autograd/error.h"

namespace gradus::captioner {

int CaptionerConfig::halvings() const {
  int count = 0;
  while (kGrid << count < side) ++count;
  return count;
}

void CaptionerConfig::check() const {
  if (kGrid << halvings() != side) fail("side: {} pixels; need 16, 32, 64, 128 or 256", side.value);
}

}
