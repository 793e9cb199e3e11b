#include "ops/layout.h"
#include "ops/losses/losses.h"
#include "ops/norm.h"
#include "ops/sequence/embedding.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

void add_layers(Words& words) {
  words["nn.functional.one_hot"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor rows = one_hot(call.indices(0, "input"), call.integer(1, "num_classes", -1));
    const Shape& shape = call.tensor(0).shape();
    std::vector<int> dims(shape.begin(), shape.end());
    dims.push_back(rows.dim(-1));
    return {reshape(rows, dims)};
  };
}

}
