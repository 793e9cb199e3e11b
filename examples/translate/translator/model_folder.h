#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/translator/new_model.h"
#include "examples/translate/translator/translator.h"
#include "nn/state_dict.h"

namespace gradus::inline GRADUS_PRECISION {
class SafetensorsFile;
}

/// The folder of a model:
///
///     config.json                  how it is trained (config.h)
///     source.vocab, target.vocab   its words; or, for subwords,
///     source.model, target.model   the models of sentencepiece, which hold them. With a joint vocabulary the two files
///                                  of the languages are the same
///     model.safetensors            the parameters with the best validation BLEU so far; what translates
///     last.safetensors             the parameters at the last checkpoint, the optimiser's state and a `TrainState`;
///                                  there from the first step on
///     epoch-0012.safetensors       the parameters after an epoch, of the last ones if the configuration keeps them
///     log.jsonl                    every step and every validation (training_log.h)
///     tokens.bin                   the training text as word numbers (data/token_file.h), made again when it is
///     missing
///                                  or does not belong to the text; of several seeds, beside their folders
///
/// A training with several seeds makes a folder of others, one for each: seed-1, seed-2, …
///
/// All but the log is written whole or not at all, a new model takes the place of an old one at once (new_model.h), and
/// a checkpoint is written after all that it counts on. So a folder is good at any moment: whatever ends a training
/// between two operations on files, the same command goes on, or begins anew where nothing was learned yet, or
/// `--resume` does, to the same bits. A folder may come from anyone: to read it takes time and memory linear in its
/// size, and ends in a model or in one line that names file and key; to write into it follows no links.

namespace gradus::translate {

/// The paths of a model's files.
struct ModelFolder {
  explicit ModelFolder(const std::string& folder);
  /// The model after an epoch.
  std::string epoch(int number) const;
  /// Whether there is such a file.
  static bool has(const std::string& path);

  std::string directory, config;
  std::string source, target;  ///< of the languages, without extension
  std::string best, last, log, tokens;
};

/// Throws Error, naming the file that the numbers were read from and the array, if one is not finite.
void require_finite(std::span<const NamedArray> arrays, const std::string& path);

/// Whether the folder holds a model, or the beginning of one.
bool holds_model(const std::string& directory);

/// Whether there is a checkpoint in the folder, to go on from.
bool has_begun(const std::string& directory);

/// Whether something would be lost with the folder's model: parameters, or the history of a training.
bool holds_work(const std::string& directory);

/// Throws Error, which begins with the command's name, if the folder holds files that `create_model` would remove and
/// something would be lost with them.
void require_no_work(const char* command, const std::string& directory);

/// Makes the folder if need be and writes configuration and languages. A model that was there is replaced at once:
/// until then, whatever goes wrong, it is as it was.
void create_model(const std::string& directory, const Translator& translator);
/// A model of these that is whole, with what `write_more` writes into the folder that it gets, and takes its place in
/// the directory when it is committed.
std::unique_ptr<NewModel> prepare_model(const std::string& directory, const Translator& translator,
                                        const std::function<void(const std::string& folder)>& write_more);

/// Removes the files of a model, and the folder if nothing else is in it.
void remove_model(const std::string& directory);

/// The folder of a seed's model, in that of a training with several seeds.
std::string seed_folder(const std::string& directory, std::uint64_t seed);
/// The seeds whose models are in the folder, ascending; none if it is no folder of a training with several seeds.
std::vector<std::uint64_t> seeds_in(const std::string& directory);

/// A model that is ready to translate: the best one, in evaluation mode. Throws Error naming the file that is missing,
/// cut off or does not belong to the others.
std::unique_ptr<Translator> load_translator(const std::string& directory);
/// Gives a model the parameters of a file. Throws Error as `SafetensorsFile::read_all`, and for a number that is not
/// finite.
void read_finite(Module& model, const SafetensorsFile& file);
/// The paths of the models that were kept, in the order of their epochs.
std::vector<std::string> kept_epochs(const std::string& directory);
/// The configuration with which the training in the folder began.
TrainConfig load_config(const std::string& directory);
void save_config(const std::string& directory, const TrainConfig& config);
/// A model of this configuration with the folder's languages; its parameters are still to be read from a file, that of
/// the last stop unless another one is named. If the file is there, it must have them in the shapes of the
/// configuration, before they take memory.
std::unique_ptr<Translator> load_words(const std::string& directory, const TrainConfig& config,
                                       const std::string& parameters = {});

}
