#include "ops/compare.h"

#include "ops/masking.h"
#include "ops/pointwise.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A mask of where is_so(a, b).
template <class Predicate>
Tensor compare(const char* name, Tensor a, Tensor b, Predicate is_so) {
  const Broadcast rows(name, a.shape(), b.shape());
  Tensor y = output(rows.shape(), {a, b}, nullptr, name);
  y.node().needs_grad = false;  // constant but for its steps
  detail::map(rows, a, b, y, [=](Real a, Real b) { return is_so(a, b) ? Real(1) : Real(0); });
  record(name, y, [] {});
  return y;
}

}

Tensor eq(Tensor a, Tensor b) {
  return compare("eq", a, b, [](Real a, Real b) { return a == b; });
}

Tensor ne(Tensor a, Tensor b) {
  return compare("ne", a, b, [](Real a, Real b) { return a != b; });
}

Tensor lt(Tensor a, Tensor b) {
  return compare("lt", a, b, [](Real a, Real b) { return a < b; });
}

Tensor le(Tensor a, Tensor b) {
  return compare("le", a, b, [](Real a, Real b) { return a <= b; });
}

Tensor gt(Tensor a, Tensor b) {
  return compare("gt", a, b, [](Real a, Real b) { return a > b; });
}

Tensor ge(Tensor a, Tensor b) {
  return compare("ge", a, b, [](Real a, Real b) { return a >= b; });
}

Tensor eq(Tensor a, Real b) { return eq(a, full({}, b)); }
Tensor ne(Tensor a, Real b) { return ne(a, full({}, b)); }
Tensor lt(Tensor a, Real b) { return lt(a, full({}, b)); }
Tensor le(Tensor a, Real b) { return le(a, full({}, b)); }
Tensor gt(Tensor a, Real b) { return gt(a, full({}, b)); }
Tensor ge(Tensor a, Real b) { return ge(a, full({}, b)); }

Tensor maximum(Tensor a, Tensor b) {
  return detail::binary(
      "maximum", a, b, [](Real a, Real b) { return a > b || a != a ? a : b; },
      [](Real a, Real b, Real dy) { return a == b  ? dy / 2
                                           : a < b ? Real(0)
                                                   : dy; },
      [](Real a, Real b, Real dy) { return a == b  ? dy / 2
                                           : b < a ? Real(0)
                                                   : dy; });
}

Tensor minimum(Tensor a, Tensor b) {
  return detail::binary(
      "minimum", a, b, [](Real a, Real b) { return a < b || a != a ? a : b; },
      [](Real a, Real b, Real dy) { return a == b  ? dy / 2
                                           : a > b ? Real(0)
                                                   : dy; },
      [](Real a, Real b, Real dy) { return a == b  ? dy / 2
                                           : b > a ? Real(0)
                                                   : dy; });
}

Tensor where(Tensor mask, Tensor a, Tensor b) {
  detail::require_constant("where", mask);
  const Shape shape = broadcast("where", broadcast("where", a.shape(), b.shape()), mask.shape());
  Tensor y = output(shape, {mask, a, b});
  bool* const is_a = Tape::active().arena().allocate<bool>(shape.size());
  Broadcast("where", shape, mask.shape()).each_row([&, mask = mask.value()](const Broadcast::Row& row) {
    for (std::size_t i = 0; i < row.size; ++i) is_a[row.begin + i] = mask[row.b.begin + i * row.b.step] != 0;
  });
  for (const bool is : {true, false}) {
    const Tensor x = is ? a : b;
    Broadcast("where", shape, x.shape()).each_row([&, x = x.value(), y = y.value()](const Broadcast::Row& row) {
      for (std::size_t i = row.begin; i < row.begin + row.size; ++i) {
        if (is_a[i] == is) y[i] = x[row.b.begin + (i - row.begin) * row.b.step];
      }
    });
  }
  record("where", y, [=] {
    Scratch scratch;
    Real* const g = scratch.allocate(Broadcast::kMaxRow);
    for (const bool is : {true, false}) {
      const Tensor x = is ? a : b;
      StretchedGradient dx(x, shape.size(), scratch);
      if (!dx) continue;
      Broadcast("where", shape, x.shape()).each_row([&, dy = y.grad()](const Broadcast::Row& row) {
        for (std::size_t i = 0; i < row.size; ++i) g[i] = is_a[row.begin + i] == is ? dy[row.begin + i] : Real(0);
        dx.add(g, row.b, row.size);  // da += Σ dy where it was chosen, db += Σ dy elsewhere
      });
      dx.finish();
    }
  });
  return y;
}

Tensor where(Tensor mask, Tensor a, Real b) { return where(mask, a, full({}, b)); }
Tensor where(Tensor mask, Real a, Tensor b) { return where(mask, full({}, a), b); }
Tensor where(Tensor mask, Real a, Real b) { return where(mask, full({}, a), full({}, b)); }

}
