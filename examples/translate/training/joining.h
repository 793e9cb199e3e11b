#pragma once

#include <string>

#include "examples/translate/data/corpus.h"
#include "nn/parallel/transport.h"

/// How several ranks come to train together: rank 0 reads the command line's text, decides, makes the model's folder
/// with its first checkpoint, and leads; the others join, as if they resumed what is in the folder. So they have to see
/// it: on several machines it is on a file system that these share.

namespace gradus::translate {

/// What rank 0 tells the others.
class Leader {
 public:
  explicit Leader(Transport& transport) : transport_(transport) {}
  /// Lets the others end, unless something went wrong in the midst of a training.
  ~Leader();
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  /// Has the others join the training in a folder, whose trainer is about to run on this text. The words of its
  /// training part are in the file at `tokens`.
  void begin(const std::string& directory, const std::string& tokens, const Corpus& corpus);
  /// The trainer has ended.
  void end() { in_training_ = false; }

 private:
  Transport& transport_;
  bool in_training_ = false;
};

/// What the other ranks do until the leader lets them end. Returns whether somebody interrupted the last training.
bool join_trainings(Transport& transport);

}
