#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "nn/storage/json.h"

/// Files of make_samples.py and make_modules.py, and how many of their samples agree.

namespace gradus::inline GRADUS_PRECISION {

/// The numbers of a file, and the list that says which of them are what.
struct SampleFile {
  explicit SampleFile(const std::string& path);

  /// What differs between an array and what an entry of the list says that it should be; "" if nothing does.
  std::string difference(ConstArray actual, const Json& expected) const;
  /// What differs between the outputs and those of the list; "" if nothing does.
  std::string difference(std::span<const Tensor> outputs, const Json& expected) const;

  std::vector<Real> numbers;
  Json list;
};

/// Runs backward from the sum of all outputs, each by the files' cotangent.
void backward_from(std::span<const Tensor> outputs);

/// How many samples agree, and why others don't.
class Tally {
 public:
  /// Takes what `disagreement` finds wrong of a sample, or that it throws Unexpressed or is refused. Of each name the
  /// first disagreements fail the running test, with the sample's text.
  void add(const std::string& name, const Json& sample, const std::function<std::string()>& disagreement);
  /// Shows what is not expressed, by reason. The running test fails unless all others agree, and are at least so many.
  void report(int expressed) const;

 private:
  int expressed_ = 0, all_ = 0;
  std::map<std::string, int> unexpressed_, wrong_;
};

}
