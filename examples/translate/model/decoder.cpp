#include "examples/translate/model/decoder.h"

#include "autograd/scratch.h"
#include "ops/layout.h"

namespace gradus::translate {

StepOutput StepOutput::first(int n) const {
  return {.hidden = first_rows(hidden, n), .context = first_rows(context, n), .fed = first_rows(fed, n)};
}

Tensor all_steps(std::span<const StepOutput> outputs, Tensor StepOutput::*part) {
  if (outputs.size() == 1) return outputs[0].*part;
  Scratch scratch;
  return concat(scratch.make_array(outputs.size(), [&](std::size_t t) { return outputs[t].*part; }), 0);
}

Tensor Decoder::all_at_once(Tensor, const Packing&, EncodedSource) { return {}; }

}
