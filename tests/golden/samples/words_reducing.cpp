#include <cmath>
#include <limits>

#include "ops/arrange/sort.h"
#include "ops/compare.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A tensor of positions, in a shape.
Tensor positions(const std::vector<int>& indices, const Shape& shape) {
  return constant(shape, std::vector<Real>(indices.begin(), indices.end()));
}

/// The shape that an axis leaves behind.
Shape reduced(const Tensor& x, int axis, bool keep) {
  if (x.rank() == 0) return {};
  return keep ? x.shape().with(axis, 1) : x.shape().without(axis);
}

void same_type(Call& call) { call.ignore(-1, "dtype"); }

/// An op of (input, dim, keepdim); without dim, of all numbers.
template <class Op>
auto over_axes(Op op) {
  return [op](Call& call) -> std::vector<Tensor> {
    same_type(call);
    const std::vector<int> axes = call.integers(1, "dim");
    return {op(call.tensor(0), axes, call.flag(2, "keepdim", false))};
  };
}

/// max and min: of two tensors, of all numbers, or along an axis with the positions.
template <class Binary, class Along, class Where>
auto extreme(Binary binary, Tensor (*all)(Tensor), Along along, Where where) {
  return [=](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    if (call.is_tensor(1, "other")) return {binary(x, call.tensor(1, "other"))};
    if (!call.has(1, "dim")) return {all(x)};
    const int axis = call.integer(1, "dim");
    const bool keep = call.flag(2, "keepdim", false);
    return {along(x, axis, keep), positions(where(x, axis), reduced(x, axis, keep))};
  };
}

template <class Where>
auto place(Where where) {
  return [where](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    const bool keep = call.flag(2, "keepdim", false);
    if (call.has(1, "dim")) {
      const int axis = call.integer(1, "dim");
      return {positions(where(x, axis), reduced(x, axis, keep))};
    }
    if (keep) throw Unexpressed{"keepdim of all axes"};
    return {positions(where(reshape(x, {-1}), 0), {})};
  };
}

/// var and std, with `unbiased` or `correction`; and with the mean.
template <class Op>
auto spread(Op op, bool and_mean) {
  return [op, and_mean](Call& call) -> std::vector<Tensor> {
    const bool first_is_flag = !call.has(1, "dim") || call.is_flag(1, "dim");
    const std::vector<int> axes = first_is_flag ? std::vector<int>{} : call.integers(1, "dim");
    double correction = call.flag(first_is_flag ? 1 : 2, "unbiased", true) ? 1 : 0;
    correction = call.number(-1, "correction", correction);
    const bool keep = call.flag(3, "keepdim", false);
    const Tensor x = call.tensor(0);
    std::vector<Tensor> result = {op(x, axes, correction, keep)};
    if (and_mean) result.push_back(mean(x, axes, keep));
    return result;
  };
}

double norm_degree(Call& call, int position, const char* name) {
  if (call.is_text(position, name)) {
    if (call.text(position, name, "") != "fro") throw Unexpressed{"a norm of matrices"};
    return 2;
  }
  const double p = call.number(position, name, 2);
  if (p != static_cast<float>(p)) throw Unexpressed{"a degree that PyTorch rounds to float"};
  return p;
}

}

void add_reducing(Words& words) {
  words["sum"] = over_axes([](Tensor x, const std::vector<int>& axes, bool keep) { return sum(x, axes, keep); });
  words["mean"] = over_axes([](Tensor x, const std::vector<int>& axes, bool keep) { return mean(x, axes, keep); });
  words["prod"] = over_axes([](Tensor x, const std::vector<int>& axes, bool keep) { return prod(x, axes, keep); });
  words["amax"] = over_axes([](Tensor x, const std::vector<int>& axes, bool keep) { return amax(x, axes, keep); });
  words["amin"] = over_axes([](Tensor x, const std::vector<int>& axes, bool keep) { return amin(x, axes, keep); });
  words["logsumexp"] =
      over_axes([](Tensor x, const std::vector<int>& axes, bool keep) { return logsumexp(x, axes, keep); });
  words["max"] = extreme(
      maximum, [](Tensor x) { return max(x); }, [](Tensor x, int axis, bool keep) { return max(x, axis, keep); },
      argmax);
  words["min"] = extreme(
      minimum, [](Tensor x) { return min(x); }, [](Tensor x, int axis, bool keep) { return min(x, axis, keep); },
      argmin);
  words["argmax"] = place(argmax);
  words["argmin"] = place(argmin);
  words["var"] = spread(var, false);
  words["std"] = spread(stddev, false);
  words["var_mean"] = spread(var, true);
  words["std_mean"] = spread(stddev, true);
  words["norm"] = [](Call& call) -> std::vector<Tensor> {
    same_type(call);
    const double p = norm_degree(call, 1, "p");
    return {norm(call.tensor(0), p, call.integers(2, "dim"), call.flag(3, "keepdim", false))};
  };
  words["linalg.vector_norm"] = [](Call& call) -> std::vector<Tensor> {
    same_type(call);
    const double p = norm_degree(call, 1, "ord");
    return {norm(call.tensor(0), p, call.integers(2, "dim"), call.flag(3, "keepdim", false))};
  };
  words["cumsum"] = [](Call& call) -> std::vector<Tensor> {
    same_type(call);
    return {cumsum(call.tensor(0), call.integer(1, "dim"))};
  };
  words["softmax"] = [](Call& call) -> std::vector<Tensor> {
    same_type(call);
    return {softmax(call.tensor(0), call.integer(1, "dim"))};
  };
  words["log_softmax"] = [](Call& call) -> std::vector<Tensor> {
    same_type(call);
    return {log_softmax(call.tensor(0), call.integer(1, "dim"))};
  };
  words["nn.functional.softmin"] = [](Call& call) -> std::vector<Tensor> {
    same_type(call);
    return {softmax(-call.tensor(0), call.integer(1, "dim"))};
  };
  words["sort"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    call.ignore(-1, "stable");
    const auto [values, indices] = sort(x, call.integer(1, "dim", -1), call.flag(2, "descending", false));
    return {values, positions(indices, values.shape())};
  };
  words["argsort"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    call.ignore(-1, "stable");
    return {positions(argsort(x, call.integer(1, "dim", -1), call.flag(2, "descending", false)), x.shape())};
  };
  words["topk"] = [](Call& call) -> std::vector<Tensor> {
    call.ignore(4, "sorted");
    const auto [values, indices] =
        topk(call.tensor(0), call.integer(1, "k"), call.integer(2, "dim", -1), call.flag(3, "largest", true));
    return {values, positions(indices, values.shape())};
  };
}

}
