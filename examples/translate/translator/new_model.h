#pragma once

#include <string>

#include "nn/storage/folder_lock.h"

namespace gradus::translate {

/// A model that is to take its place in a folder, and until then is written to another one inside of it:
///
///     .next-model.part   while it is written
///     .next-model        once it is whole: it is the model of the folder from then on (ModelFolder)
///
/// `commit` moves its files into the folder itself, where it first removes those of the model before it. So whatever
/// ends the program, the folder holds the old model or the new one, whole; the next writer finishes the move.
class NewModel {
 public:
  /// Makes the folders as far as they are not there. Throws Error naming what cannot be written.
  explicit NewModel(const std::string& directory);
  /// Removes what was written, and the folder if nothing else is in it, unless it was committed.
  ~NewModel();
  NewModel(const NewModel&) = delete;
  NewModel& operator=(const NewModel&) = delete;

  /// Where the files of the model are to be written.
  const std::string& path() const { return path_; }
  /// Puts the model in its place. Throws Error naming what cannot be done; the folder then holds what it held, or the
  /// new model.
  void commit();

 private:
  std::string directory_, path_;
  bool committed_ = false;
};

/// The folder in which the model of `directory` stands: that itself, but for a moment of `NewModel::commit`.
std::string place_of_model(const std::string& directory);

/// The right to write a model into the folder, which is made if need be. What a killed program left there is finished
/// first: a move of `NewModel::commit`, and temporary files. Throws Error, which begins with the command's name, if
/// another process has the right.
FolderLock lock_model(const char* command, const std::string& directory);

}
