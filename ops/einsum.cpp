#include <algorithm>
#include <array>
#include <string>

#include "autograd/scratch.h"
#include "ops/gemm/blas.h"
#include "ops/gradients.h"
#include "ops/matmul.h"

// Every letter is of one kind:
//
//     batch   in a, b and c            row   in a and c            column   in b and c
//     inner   in a and b, not in c     sum   in one operand only, not in c
//
// So with a copied into the order A (batch, row, inner), summed over its sums, and b into B (batch, inner, column),
// there is one matrix product a batch, C = A B, and the backward is that of `matmul`: dA = dC Bᵀ, dB = Aᵀ dC.

namespace gradus::inline GRADUS_PRECISION {

namespace {

enum Operand { A, B, C };
enum class Kind { Batch, Row, Inner, Column, Sum };
constexpr int kMaxLetters = 2 * Shape::kMaxRank;
constexpr std::string_view kEllipsis = "...";  // whose axes are named by digits, the last one 9
bool is_unnamed(char name) { return name >= '0' && name <= '9'; }

struct Letter {
  char name = 0;
  std::size_t length = 1;
  bool in[3] = {};
  std::size_t step[3] = {};  ///< between its neighbours in a, b and c; 0 where there is no such axis or it is stretched

  Kind kind() const {
    if (in[C]) return in[A] && in[B] ? Kind::Batch : in[A] ? Kind::Row : Kind::Column;
    return in[A] && in[B] ? Kind::Inner : Kind::Sum;
  }
};

/// How numbers move along one axis.
struct Axis {
  std::size_t length, from, to;
};
struct Axes {
  std::array<Axis, kMaxLetters> axes;
  int count = 0;
};

/// The sum of all numbers along the axes from `axis` on.
double sum_along(const Axes& walk, int axis, const Real* from) {
  if (axis == walk.count) return *from;
  double sum = 0;
  const auto [length, step, _] = walk.axes[axis];
  if (axis + 1 == walk.count) {
    for (std::size_t i = 0; i < length; ++i) sum += from[i * step];
    return sum;
  }
  for (std::size_t i = 0; i < length; ++i) sum += sum_along(walk, axis + 1, from + i * step);
  return sum;
}

/// to += from, along the axes from `axis` on; those that `to` does not have come last, and are summed.
void add_along(const Axes& walk, int axis, const Real* from, Real* to) {
  if (axis == walk.count || walk.axes[axis].to == 0) {
    *to += static_cast<Real>(sum_along(walk, axis, from));
    return;
  }
  const auto [length, step_from, step_to] = walk.axes[axis];
  if (axis + 1 == walk.count) {
    for (std::size_t i = 0; i < length; ++i) to[i * step_to] += from[i * step_from];
    return;
  }
  for (std::size_t i = 0; i < length; ++i) add_along(walk, axis + 1, from + i * step_from, to + i * step_to);
}

class Equation {
 public:
  Equation(std::string_view text, std::span<const Tensor> operands);

  const Shape& result() const { return result_; }
  /// The product of the lengths of a kind's letters.
  int size(Kind kind) const {
    std::size_t size = 1;
    for (const Letter& letter : letters()) size *= letter.kind() == kind ? letter.length : 1;
    return static_cast<int>(size);
  }
  /// matrix += operand, where the matrix has the letters of the given kinds in this order.
  void arrange(Operand operand, std::span<const Kind> order, const Real* numbers, Real* matrix) const {
    add_along(axes(operand, order, true), 0, numbers, matrix);
  }
  /// operand += matrix
  void scatter(Operand operand, std::span<const Kind> order, const Real* matrix, Real* numbers) const {
    add_along(axes(operand, order, false), 0, matrix, numbers);
  }

 private:
  std::span<const Letter> letters() const { return {letters_.data(), static_cast<std::size_t>(count_)}; }
  Letter& find(char name);
  void add_axes(std::string_view text, std::string_view names, Operand operand, const Shape& shape);
  Axes axes(Operand operand, std::span<const Kind> order, bool to_matrix) const;

  std::array<Letter, kMaxLetters + 1> letters_;  // one more, for what only the result names
  int count_ = 0;
  Shape result_;
};

Letter& Equation::find(char name) {
  Letter* const end = letters_.data() + count_;
  Letter* const found = std::find_if(letters_.data(), end, [=](const Letter& letter) { return letter.name == name; });
  if (found == end) letters_[count_++].name = name;
  return *found;
}

void Equation::add_axes(std::string_view text, std::string_view names, Operand operand, const Shape& shape) {
  std::size_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const char name = names[axis];
    Letter& letter = find(name);
    const std::size_t length = shape[axis];
    const int same = static_cast<int>(names.rfind(name));  // the last axis of this name: another one makes a diagonal
    if (operand == C && same != axis) {
      fail("einsum: \"{}\": the result names {} twice; need each letter once", text, name);
    }
    if (shape[axis] != shape[same]) {
      fail("einsum: \"{}\": the diagonal of {} has lengths {} and {}; need equal ones", text, name, shape[axis],
           shape[same]);
    }
    if (length != letter.length && length != 1 && letter.length != 1) {
      fail("einsum: \"{}\": lengths of {} differ: {} and {}; need equal lengths, or 1", text,
           is_unnamed(name) ? kEllipsis : std::string_view(&name, 1), letter.length, length);
    }
    letter.in[operand] = true;
    if (length != 1) {
      letter.step[operand] += step;  // a step along a diagonal is one along each of its axes
      letter.length = length;
    }
    step *= length;
  }
}

/// Throws if one of the names of an equation is no letter.
void require_letters(std::string_view text, std::string_view names) {
  for (const char name : names) {
    if ((name >= 'a' && name <= 'z') || (name >= 'A' && name <= 'Z')) continue;
    fail(
        "einsum: \"{}\": '{}' is no letter; need letters, ... for axes without any, a comma between operands, and -> "
        "before the result",
        text, name);
  }
}

/// Names with digits in the place of an ellipsis: those of `count` axes, the last of which is always 9. Throws for what
/// is neither a letter nor an ellipsis.
std::string with_digits(std::string_view text, std::string names, std::size_t count) {
  const std::size_t place = names.find(kEllipsis);
  if (place != std::string::npos) names.erase(place, kEllipsis.size());
  require_letters(text, names);
  for (std::size_t i = 0; place != std::string::npos && i < count; ++i) {
    names.insert(place, 1, static_cast<char>('9' - i));
  }
  return names;
}

Equation::Equation(std::string_view text, std::span<const Tensor> operands) {
  std::string names(text);
  std::erase(names, ' ');
  const std::size_t arrow = names.find("->");
  std::string result = arrow == std::string::npos ? "" : names.substr(arrow + 2);
  names.erase(std::min(arrow, names.size()));
  const std::size_t comma = names.find(',');
  std::string sides[2] = {names.substr(0, comma), comma == std::string::npos ? "" : names.substr(comma + 1)};
  if ((comma == std::string::npos ? 1u : 2u) != operands.size()) {
    fail("einsum: \"{}\": {} operands are given; need as many as there are between the commas", text, operands.size());
  }
  std::size_t most = 0;  // axes that an ellipsis stands for; those of the other operand are the last of them
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const auto rank = static_cast<std::size_t>(operands[i].rank());
    const std::size_t named = sides[i].size() - (sides[i].find(kEllipsis) == std::string::npos ? 0 : kEllipsis.size());
    const std::size_t unnamed = named < rank ? rank - named : 0;
    const std::string axes = with_digits(text, sides[i], unnamed);
    if (axes.size() != rank) {
      fail("einsum: \"{}\": \"{}\" does not fit an operand of {}; need a letter for each axis", text, sides[i],
           operands[i].shape());
    }
    if (axes.size() > named) most = std::max(most, unnamed);
    sides[i] = axes;
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    add_axes(text, sides[i], static_cast<Operand>(i), operands[i].shape());
  }
  if (arrow == std::string::npos) {
    for (const Letter& letter : letters()) {
      const auto times = std::ranges::count(sides[0], letter.name) + std::ranges::count(sides[1], letter.name);
      if (is_unnamed(letter.name) || times == 1) result.push_back(letter.name);
    }
    std::ranges::sort(result);  // those of an ellipsis first
  } else {
    result = with_digits(text, result, most);
  }
  int dims[kMaxLetters], rank = 0;
  for (const char name : result) {
    const int known = count_;
    if (rank < kMaxLetters) dims[rank++] = known == 0 ? 0 : static_cast<int>(find(name).length);
    if (known == 0 || count_ != known) fail("einsum: \"{}\": no operand has {}, which the result names", text, name);
  }
  result_ = Shape(std::span(dims, static_cast<std::size_t>(rank)));
  add_axes(text, result, C, result_);
}

Axes Equation::axes(Operand operand, std::span<const Kind> order, bool to_matrix) const {
  Axes kept, summed;
  std::size_t step = 1;
  const auto add = [&](const Letter& letter, std::size_t in_matrix) {
    if (!letter.in[operand] || letter.length == 1) return;
    const std::size_t in_operand = letter.step[operand];
    const Axis axis =
        to_matrix ? Axis{letter.length, in_operand, in_matrix} : Axis{letter.length, in_matrix, in_operand};
    Axes& list = axis.to == 0 ? summed : kept;
    list.axes[list.count++] = axis;
  };
  for (std::size_t k = order.size(); k-- > 0;) {
    for (int i = count_ - 1; i >= 0; --i) {
      const Letter& letter = letters_[i];
      if (letter.kind() != order[k]) continue;
      add(letter, step);
      step *= letter.length;
    }
  }
  std::reverse(kept.axes.begin(),
               kept.axes.begin() + kept.count);  // what is next to each other in the matrix comes last
  for (const Letter& letter : letters()) {
    if (std::ranges::find(order, letter.kind()) == order.end()) add(letter, 0);
  }
  std::copy_n(summed.axes.begin(), summed.count, kept.axes.begin() + kept.count);
  kept.count += summed.count;
  return kept;
}

constexpr Kind kOrderOfA[] = {Kind::Batch, Kind::Row, Kind::Inner};
constexpr Kind kOrderOfB[] = {Kind::Batch, Kind::Inner, Kind::Column};
constexpr Kind kOrderOfC[] = {Kind::Batch, Kind::Row, Kind::Column};

}

Tensor einsum(std::string_view equation, Tensor a) {
  const Equation e(equation, {&a, 1});
  Tensor c = output(e.result(), {a});
  // Without b there are rows and sums alone, and C in the order of its letters is c as good as in any other.
  const auto matrix = [size = e.size(Kind::Row)](Scratch& scratch) {
    Real* const zeros = scratch.allocate(size);
    kernels::fill(0, zeros, size);
    return zeros;
  };
  Scratch scratch;
  Real* const rows = matrix(scratch);
  kernels::fill(0, c.value().data, c.size());
  e.arrange(A, kOrderOfA, a.value().data, rows);
  e.scatter(C, kOrderOfC, rows, c.value().data);
  record("einsum", c, [=] {
    Scratch scratch;
    Real* const drows = matrix(scratch);
    e.arrange(C, kOrderOfC, c.grad().data, drows);
    e.scatter(A, kOrderOfA, drows, accumulator(a).data);  // da += dc, for each number of the sum
  });
  return c;
}

Tensor einsum(std::string_view equation, Tensor a, Tensor b) {
  const Tensor operands[] = {a, b};
  const Equation e(equation, operands);
  const int batch = e.size(Kind::Batch), M = e.size(Kind::Row), K = e.size(Kind::Inner), O = e.size(Kind::Column);
  const std::size_t a_size = std::size_t(M) * K, b_size = std::size_t(K) * O, c_size = std::size_t(M) * O;
  const auto zeros = [=](std::size_t size, auto& memory) {
    Real* const numbers = memory.allocate(batch * size);
    kernels::fill(0, numbers, batch * size);
    return numbers;
  };
  Scratch scratch;
  Tensor c = output(e.result(), {a, b});
  Real *const va = zeros(a_size, scratch), *const vb = zeros(b_size, scratch), *const vc = zeros(c_size, scratch);
  e.arrange(A, kOrderOfA, a.value().data, va);
  e.arrange(B, kOrderOfB, b.value().data, vb);
  for (int i = 0; i < batch; ++i) gemm(N, N, M, O, K, 1, va + i * a_size, K, vb + i * b_size, O, 0, vc + i * c_size, O);
  kernels::fill(0, c.value().data, c.size());
  e.scatter(C, kOrderOfC, vc, c.value().data);
  record("einsum", c, [=] {
    Scratch scratch;
    Real *const va = zeros(a_size, scratch), *const vb = zeros(b_size, scratch), *const dc = zeros(c_size, scratch);
    Real *const da = zeros(a_size, scratch), *const db = zeros(b_size, scratch);
    e.arrange(A, kOrderOfA, a.value().data, va);
    e.arrange(B, kOrderOfB, b.value().data, vb);
    e.arrange(C, kOrderOfC, c.grad().data, dc);
    for (int i = 0; i < batch; ++i) {
      gemm(N, T, M, K, O, 1, dc + i * c_size, O, vb + i * b_size, O, 0, da + i * a_size, K);  // dA = dC Bᵀ
      gemm(T, N, K, O, M, 1, va + i * a_size, K, dc + i * c_size, O, 0, db + i * b_size, O);  // dB = Aᵀ dC
    }
    if (a.needs_grad()) e.scatter(A, kOrderOfA, da, accumulator(a).data);
    if (b.needs_grad()) e.scatter(B, kOrderOfB, db, accumulator(b).data);
  });
  return c;
}

}
