#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "nn/parallel/transport.h"
#include "ops/gemm/function_ref.h"

/// Work on text that the ranks of a program share, for a result that all of them get.

namespace gradus::translate {

/// The texts of `count` things, one each, of which every rank makes those from `begin` to before `end`.
std::vector<std::string> share_texts(Transport& transport, std::size_t count,
                                     FunctionRef<std::vector<std::string>(std::size_t begin, std::size_t end)> make);

/// The texts of rank 0, for all.
std::vector<std::string> broadcast_texts(Transport& transport, const std::vector<std::string>& texts);

/// A number of each of `count` things, of which rank r makes those with the numbers r, r + ranks, …: so that things
/// which are sorted by size are as much work for all. `make` sets the numbers of the things that it is given.
std::vector<double> share_numbers(
    Transport& transport, std::size_t count,
    FunctionRef<void(const std::vector<std::size_t>& own, std::vector<double>& numbers)> make);

}
