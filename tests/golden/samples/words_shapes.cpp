#include <algorithm>
#include <numeric>

#include "ops/arrange/extend.h"
#include "ops/create/create.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::vector<Tensor> list_of(std::span<const Tensor> tensors) { return {tensors.begin(), tensors.end()}; }

/// Lengths of pieces of an axis: of `size` each but the last.
std::vector<int> pieces(int length, int size) {
  std::vector<int> result(length / size, size);
  if (length % size != 0 || result.empty()) result.push_back(length - static_cast<int>(result.size()) * size);
  return result;
}

std::vector<Tensor> split_up(Call& call) {
  const Tensor x = call.tensor(0);
  const int axis = call.integer(2, "dim", 0);
  const std::vector<int> lengths = call.is_number(1, "split_size") ? pieces(x.dim(axis), call.integer(1, "split_size"))
                                                                   : call.integers(1, "split_size");
  return list_of(split(x, axis, lengths));
}

std::vector<Tensor> chunked(Call& call) {
  const Tensor x = call.tensor(0);
  const int axis = call.integer(2, "dim", 0), count = call.integer(1, "chunks");
  return list_of(split(x, axis, pieces(x.dim(axis), std::max((x.dim(axis) + count - 1) / count, 1))));
}

/// All positions of an axis, one by one.
std::vector<Tensor> unbound(Call& call) {
  const Tensor x = call.tensor(0);
  const int axis = call.integer(1, "dim", 0);
  std::vector<Tensor> result;
  for (int i = 0; i < x.dim(axis); ++i) result.push_back(select(x, axis, i));
  return result;
}

/// The axes from start to end as one.
std::vector<Tensor> flattened(Call& call) {
  const Tensor x = call.tensor(0);
  const int start = call.integer(1, "start_dim", 0), end = call.integer(2, "end_dim", -1);
  if (x.rank() == 0) return {reshape(x, {1})};
  const int first = x.shape().index(start), last = x.shape().index(end);
  std::vector<int> dims(x.shape().begin(), x.shape().begin() + first);
  dims.push_back(std::accumulate(x.shape().begin() + first, x.shape().begin() + last + 1, 1, std::multiplies()));
  dims.insert(dims.end(), x.shape().begin() + last + 1, x.shape().end());
  return {reshape(x, dims)};
}

std::vector<Tensor> axes_moved(Call& call) {
  const Tensor x = call.tensor(0);
  std::vector<int> from = call.integers(1, "source"), to = call.integers(2, "destination"), order(x.rank(), -1);
  for (std::size_t i = 0; i < from.size(); ++i) order[x.shape().index(to[i])] = from[i] = x.shape().index(from[i]);
  int next = 0;
  for (int& axis : order) {
    if (axis >= 0) continue;
    while (std::find(from.begin(), from.end(), next) != from.end()) ++next;
    axis = next++;
  }
  return {permute(x, order)};
}

std::vector<Tensor> rows_chosen(Call& call) {
  const Tensor x = call.tensor(0);
  const int axis = call.integer(1, "dim");
  const std::vector<int> index = call.indices(2, "index");
  if (x.rank() == 0) return {reshape(gather_rows(reshape(x, {1}), index), {})};
  if (x.shape().index(axis) == 0) return {gather_rows(x, index)};
  return {transpose(gather_rows(transpose(x, 0, axis), index), 0, axis)};
}

std::vector<Tensor> padded(Call& call) {
  const std::string mode = call.text(2, "mode", "constant");
  const Real value = call.number(3, "value", 0);
  if (mode == "constant") return {pad(call.tensor(0), call.integers(1, "pad"), value)};
  return {pad(call.tensor(0), call.integers(1, "pad"), border_named(mode))};
}

/// The list of tensors that the op takes, those of fewer axes with axes in front.
std::vector<Tensor> at_least(Call& call, int rank) {
  std::vector<Tensor> result;
  for (Tensor x : call.tensors(0, "tensors")) {
    while (x.rank() < rank) x = unsqueeze(x, 0);
    result.push_back(x);
  }
  return result;
}

/// The same lengths but those of an axis, to which both broadcast.
std::vector<int> lengths_around(const Shape& a, const Shape& b, int axis) {
  std::vector<int> lengths;
  for (int i = 0; i < a.rank(); ++i) lengths.push_back(i == axis ? -1 : a[i] == 1 ? b[i] : a[i]);
  return lengths;
}

std::vector<Tensor> taken_along(Call& call) {
  Tensor x = call.tensor(0), index = call.tensor(1, "indices");
  if (!call.has(2, "dim")) return {take_along_axis(reshape(x, {-1}), call.indices(1, "indices"), 0)};
  const int axis = x.shape().index(call.integer(2, "dim"));
  index = expand(index, lengths_around(index.shape(), x.shape(), axis));
  x = expand(x, lengths_around(x.shape(), index.shape(), axis));
  std::vector<int> positions(index.value().begin(), index.value().end());
  for (int& position : positions) position += position < 0 ? x.dim(axis) : 0;
  return {take_along_axis(x, positions, axis)};
}

void where_and_how(Call& call) {
  for (const char* name : {"dtype", "device", "layout", "pin_memory", "memory_format", "requires_grad"})
    call.ignore(-1, name);
}

void add_creating(Words& words) {
  words["eye"] = [](Call& call) -> std::vector<Tensor> {
    where_and_how(call);
    return {eye(call.integer(0, "n"), call.integer(1, "m", -1))};
  };
  words["linspace"] = [](Call& call) -> std::vector<Tensor> {
    where_and_how(call);
    return {linspace(call.number(0, "start"), call.number(1, "end"), call.integer(2, "steps"))};
  };
  words["arange"] = [](Call& call) -> std::vector<Tensor> {
    where_and_how(call);
    if (!call.has(1, "end")) return {arange(call.number(0, "end"))};
    return {arange(call.number(0, "start"), call.number(1, "end"), call.number(2, "step", 1))};
  };
  words["full_like"] = [](Call& call) -> std::vector<Tensor> {
    where_and_how(call);
    return {full_like(call.tensor(0), call.number(1, "fill_value"))};
  };
  words["zeros_like"] = [](Call& call) -> std::vector<Tensor> {
    where_and_how(call);
    return {zeros_like(call.tensor(0))};
  };
  words["ones_like"] = [](Call& call) -> std::vector<Tensor> {
    where_and_how(call);
    return {ones_like(call.tensor(0))};
  };
}

}

void add_shapes(Words& words) {
  for (const char* name : {"reshape", "view"}) {
    words[name] = [](Call& call) -> std::vector<Tensor> { return {reshape(call.tensor(0), call.rest(1, "shape"))}; };
  }
  for (const char* name : {"reshape_as", "view_as"}) {
    words[name] = [](Call& call) -> std::vector<Tensor> {
      return {reshape(call.tensor(0), std::vector<int>(call.tensor(1).shape().begin(), call.tensor(1).shape().end()))};
    };
  }
  words["expand"] = [](Call& call) -> std::vector<Tensor> { return {expand(call.tensor(0), call.rest(1, "size"))}; };
  words["expand_as"] = [](Call& call) -> std::vector<Tensor> {
    return {expand(call.tensor(0), std::vector<int>(call.tensor(1).shape().begin(), call.tensor(1).shape().end()))};
  };
  words["repeat"] = [](Call& call) -> std::vector<Tensor> { return {repeat(call.tensor(0), call.rest(1, "repeats"))}; };
  words["tile"] = [](Call& call) -> std::vector<Tensor> { return {tile(call.tensor(0), call.rest(1, "dims"))}; };
  words["permute"] = [](Call& call) -> std::vector<Tensor> { return {permute(call.tensor(0), call.rest(1, "dims"))}; };
  words["transpose"] = [](Call& call) -> std::vector<Tensor> {
    return {transpose(call.tensor(0), call.integer(1, "dim0"), call.integer(2, "dim1"))};
  };
  words["squeeze"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    if (!call.has(1, "dim")) return {squeeze(x)};
    return {squeeze(x, call.integers(1, "dim"))};
  };
  words["unsqueeze"] = [](Call& call) -> std::vector<Tensor> {
    return {unsqueeze(call.tensor(0), call.integer(1, "dim"))};
  };
  words["flip"] = [](Call& call) -> std::vector<Tensor> { return {flip(call.tensor(0), call.integers(1, "dims"))}; };
  words["cat"] = [](Call& call) -> std::vector<Tensor> {
    return {concat(call.tensors(0, "tensors"), call.integer(1, "dim", 0))};
  };
  words["stack"] = [](Call& call) -> std::vector<Tensor> {
    return {stack(call.tensors(0, "tensors"), call.integer(1, "dim", 0))};
  };
  words["vstack"] = [](Call& call) -> std::vector<Tensor> { return {concat(at_least(call, 2), 0)}; };
  words["hstack"] = [](Call& call) -> std::vector<Tensor> {
    const std::vector<Tensor> parts = at_least(call, 1);
    return {concat(parts, parts[0].rank() == 1 ? 0 : 1)};
  };
  words["narrow"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor x = call.tensor(0);
    const int axis = call.integer(1, "dim"),
              start = call.is_tensor(2, "start") ? call.indices(2, "start")[0] : call.integer(2, "start");
    const int begin = start < 0 ? start + x.dim(axis) : start;
    return {slice(x, axis, begin, begin + call.integer(3, "length"))};
  };
  words["select"] = [](Call& call) -> std::vector<Tensor> {
    return {select(call.tensor(0), call.integer(1, "dim"), call.integer(2, "index"))};
  };
  words["gather"] = [](Call& call) -> std::vector<Tensor> {
    Tensor x = call.tensor(0);
    const Tensor index = call.tensor(2);
    call.ignore(-1, "sparse_grad");
    if (x.rank() == 0 || index.rank() == 0) {  // a scalar counts as one axis
      const Shape shape = index.shape();
      return {reshape(take_along_axis(reshape(x, {-1}), call.indices(2, "index"), call.integer(1, "dim")), shape)};
    }
    const int axis = x.shape().index(call.integer(1, "dim"));
    for (int i = 0; i < x.rank(); ++i) {
      if (i != axis) x = slice(x, i, 0, index.dim(i));  // PyTorch lets other axes be longer than the index's
    }
    return {take_along_axis(x, call.indices(2, "index"), axis)};
  };
  for (const char* name : {"contiguous", "clone"}) {
    words[name] = [](Call& call) -> std::vector<Tensor> {
      where_and_how(call);
      return {call.tensor(0)};
    };
  }
  words["ravel"] = [](Call& call) -> std::vector<Tensor> { return {reshape(call.tensor(0), {-1})}; };
  for (const char* name : {"T", "mT"}) {
    words[name] = [](Call& call) -> std::vector<Tensor> {
      if (call.tensor(0).rank() < 2) return {call.tensor(0)};
      return {transpose(call.tensor(0))};
    };
  }
  words["split"] = words["split_with_sizes"] = split_up;
  words["chunk"] = chunked;
  words["unbind"] = unbound;
  words["flatten"] = flattened;
  words["movedim"] = axes_moved;
  words["index_select"] = rows_chosen;
  words["nn.functional.pad"] = padded;
  words["take_along_dim"] = taken_along;
  add_creating(words);
}

}
