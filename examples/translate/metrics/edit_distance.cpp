#include "examples/translate/metrics/edit_distance.h"

#include <algorithm>
#include <cmath>

namespace gradus::translate {

namespace {

constexpr size_t kBeam = 25;
constexpr size_t kLeftOut = size_t{1} << 40;  // the cost of a cell that the beam leaves out

double ratio(size_t reference_length, size_t hypothesis_length) {
  return hypothesis_length > 0 ? static_cast<double>(reference_length) / static_cast<double>(hypothesis_length) : 1;
}

/// Wide enough for the beams of neighbouring rows to overlap, however much the lengths differ.
size_t beam_width(double length_ratio) {
  const double half_step = length_ratio / 2;
  return half_step > kBeam ? static_cast<size_t>(std::ceil(half_step + kBeam)) : kBeam;
}

}

EditDistance::EditDistance(std::u32string_view reference, size_t hypothesis_length)
    : reference_(reference),
      hypothesis_(hypothesis_length, 0),
      length_ratio_(ratio(reference.size(), hypothesis_length)),
      beam_(beam_width(length_ratio_)),
      cells_((hypothesis_length + 1) * (reference.size() + 1)) {
  for (size_t j = 0; j <= reference_.size(); ++j) cell(0, j) = {j, j > 0 ? Edit::kInsert : Edit::kNone};
}

size_t EditDistance::operator()(std::u32string_view hypothesis) {
  const auto differing = std::ranges::mismatch(hypothesis_, hypothesis).in2;
  const size_t ready = std::min(rows_ready_, static_cast<size_t>(differing - hypothesis.begin()));
  hypothesis_ = hypothesis;
  rows_ready_ = hypothesis_.size();
  for (size_t i = ready + 1; i <= hypothesis_.size(); ++i) compute_row(i);
  return cells_.back().cost;
}

void EditDistance::compute_row(size_t i) {
  const size_t width = reference_.size() + 1;
  std::fill_n(&cell(i, 0), width, Cell{kLeftOut, Edit::kNone});
  const auto diagonal = static_cast<size_t>(std::floor(static_cast<double>(i) * length_ratio_));
  const size_t first = diagonal > beam_ ? diagonal - beam_ : 0;
  const size_t end = i == hypothesis_.size() ? width : std::min(width, diagonal + beam_);
  for (size_t j = first; j < end; ++j) {
    if (j == 0) {
      cell(i, j) = {cell(i - 1, j).cost + 1, Edit::kDelete};
      continue;
    }
    // Between equal costs the first one stays: an alignment as Tercom's.
    const bool equal = hypothesis_[i - 1] == reference_[j - 1];
    const Cell choices[] = {{cell(i - 1, j - 1).cost + (equal ? 0 : 1), equal ? Edit::kKeep : Edit::kSubstitute},
                            {cell(i - 1, j).cost + 1, Edit::kDelete},
                            {cell(i, j - 1).cost + 1, Edit::kInsert}};
    for (const Cell& choice : choices) {
      if (choice.cost < cell(i, j).cost) cell(i, j) = choice;
    }
  }
}

WordAlignment EditDistance::alignment() const {
  size_t i = hypothesis_.size(), j = reference_.size();
  WordAlignment alignment{std::vector<ptrdiff_t>(j), std::vector<bool>(i), std::vector<bool>(j)};
  while (i > 0 || j > 0) {
    const Edit edit = cell(i, j).edit;
    if (edit != Edit::kDelete) {
      alignment.position[j - 1] = static_cast<ptrdiff_t>(i) - 1;
      alignment.reference_error[j - 1] = edit != Edit::kKeep;
    }
    if (edit != Edit::kInsert) alignment.hypothesis_error[i - 1] = edit != Edit::kKeep;
    if (edit != Edit::kDelete) --j;
    if (edit != Edit::kInsert) --i;
  }
  return alignment;
}

}
