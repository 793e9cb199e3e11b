#pragma once

#include <string>
#include <vector>

#include "examples/translate/metrics/metric.h"
#include "examples/translate/text/text.h"

namespace gradus::translate {

/// Text to translate, with one or more references of each sentence.
struct TestText {
  ParallelText text;  ///< of each sentence, the target is the first reference
  References references;
};

TestText with_one_reference(ParallelText text);

/// Reads the source and one or more references. Sentences of which the source or the first reference is empty are left
/// out. Throws Error as `read_parallel`, and if no sentence is left.
TestText read_test_text(const std::vector<std::string>& files);

}
