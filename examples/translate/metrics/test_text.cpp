#include "examples/translate/metrics/test_text.h"

#include <span>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"

namespace gradus::translate {

TestText with_one_reference(ParallelText text) {
  References references = references_of(std::span(&text.target, 1));
  return {std::move(text), std::move(references)};
}

TestText read_test_text(const std::vector<std::string>& files) {
  TestText test = with_one_reference(read_parallel(files[0], files[1]));
  if (test.text.source.empty())
    fail("{}, {}: no sentence pair to evaluate", input_name(files[0]), input_name(files[1]));
  const size_t count = test.text.source.size() + test.text.skipped;
  for (size_t r = 2; r < files.size(); ++r) {
    const std::vector<std::string> lines = read_lines(files[r]);
    require_equal_lengths("parallel text", files[0], count, files[r], lines.size());
    for (size_t i = 0; i < test.references.size(); ++i) test.references[i].push_back(lines[test.text.lines[i] - 1]);
  }
  return test;
}

}
