#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/inspect/finite_differences.h"
#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// What the time steps of a module are, such as words. What repeats itself as often under this path has these names.
struct StepNames {
  std::string path;                ///< of the module
  std::vector<std::string> names;  ///< of its time steps, in order
};

/// What a page shows besides the step itself.
struct PlayerOptions {
  std::string title = "Backpropagation, step by step";  ///< its heading
  std::vector<std::pair<std::string, std::string>> about =
      {};                             ///< what else the page says of the step, as name and text
  std::vector<StepNames> steps = {};  ///< names of time steps
  std::function<std::string(const Leaf&, int)> row_name =
      {};  ///< the name of a row of a parameter, such as the word of a vector; empty if it has none
  std::vector<std::vector<std::string>> loss_table = {};  ///< what stands beside the loss, its first row a head
  int checks = 3;                     ///< of each tensor so many gradients stand beside a finite difference,
  double check_seconds = 1;           ///< as far as these can be computed in this time
  std::size_t max_numbers = 700'000;  ///< how many numbers the page has at most; large arrays are made coarser to fit
};

/// Writes a page for a browser that plays a forward and a backward pass, op by op and closure by closure: what each
/// computed, the formulas of formulas.h, each contribution to a gradient, and how contributions add up.
///
///     Tape tape;
///     Tensor x = variable({}, {3});
///     write_player(x * x + x, "backprop.html");   // runs backward, and x.grad() is 7 from then on
///
/// If the loss's tape has run backward already, the page shows the gradients it left, and contributions where a tensor
/// has no more than one. Throws Error for a file that cannot be written, and what `Tape::backward` throws.
void write_player(Tensor loss, const std::string& path, const PlayerOptions& options = {});

/// The same of the step that `loss` records on a tape that is made for it, with finite differences beside gradients.
/// Gradients of parameters are left as they were.
void write_player(const LossFunction& loss, const std::string& path, const PlayerOptions& options = {});

/// The pages themselves, for those who write files in a way of their own.
std::string player_page(Tensor loss, const PlayerOptions& options = {});
std::string player_page(const LossFunction& loss, const PlayerOptions& options = {});

}
