#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "nn/storage/json.h"
#include "ops/arrange/extend.h"

/// Samples of PyTorch's ops, written by make_samples.py, and how Gradus computes each.

namespace gradus::inline GRADUS_PRECISION {

/// Thrown by what tells a call in Gradus's words, for a call that Gradus has no words for.
struct Unexpressed {
  std::string why;
};

/// A call of a PyTorch op: its arguments by position, counted from 0, or by name, whichever way they were given. A call
/// is told in full once every argument has been asked for.
class Call {
 public:
  /// `sample` is an entry of the file's list. Its tensors live on the active tape.
  Call(const Json& sample, std::span<const Real> numbers);

  const std::string& op() const { return op_; }
  const std::string& variant() const { return variant_; }

  /// Whether the argument was given, and is not None.
  bool has(int position, const char* name);
  /// Whether the argument was given as None.
  bool is_null(const char* name);
  bool is_tensor(int position, const char* name);
  /// Whether it is a tensor of truth values.
  bool is_mask(int position, const char* name);
  bool is_number(int position, const char* name);
  bool is_flag(int position, const char* name);
  bool is_text(int position, const char* name);
  /// The argument as a tensor. Throws Unexpressed if it is none.
  Tensor tensor(int position, const char* name = "");
  /// The argument as a tensor, or an empty handle if there is none.
  Tensor optional_tensor(int position, const char* name);
  std::vector<Tensor> tensors(int position, const char* name);
  double number(int position, const char* name, std::optional<double> otherwise = {});
  int integer(int position, const char* name, std::optional<int> otherwise = {});
  bool flag(int position, const char* name, bool otherwise);
  std::string text(int position, const char* name, const std::string& otherwise);
  /// A list, or one number as a list of one, or nothing if the argument is absent.
  std::vector<int> integers(int position, const char* name);
  /// All arguments from a position on, or the list that stands there: `view(2, 3)` and `view((2, 3))`.
  std::vector<int> rest(int position, const char* name);
  /// The numbers of a tensor of whole numbers.
  std::vector<int> indices(int position, const char* name);
  /// Says that an argument changes nothing here, such as a tensor's device.
  void ignore(int position, const char* name) { find(position, name); }

  /// The tensors that PyTorch gave gradients for, in its order.
  const std::vector<Tensor>& variables() const { return variables_; }
  /// The argument that nobody asked for; "" if there is none.
  std::string unread() const;

 private:
  struct Argument {
    const Json* json = nullptr;
    Tensor tensor;
    std::vector<Argument> items;
  };
  Argument argument(const Json& json, std::span<const Real> numbers);
  const Argument* find(int position, const char* name);

  std::string op_, variant_;
  std::vector<Argument> args_;
  std::map<std::string, Argument> kwargs_;
  std::vector<Tensor> variables_;
  std::set<std::string> read_;
};

/// PyTorch's padding mode, "reflect", "replicate" or "circular".
Border border_named(const std::string& mode);

/// How Gradus computes what PyTorch's op of a name does: all outputs, in order.
using Words = std::map<std::string, std::function<std::vector<Tensor>(Call&)>>;

void add_elementwise(Words& words);
void add_reducing(Words& words);
void add_shapes(Words& words);
void add_products(Words& words);
void add_layers(Words& words);
void add_losses(Words& words);

}
