#pragma once

#include <string>
#include <vector>

/// Which files of a folder are those of a model: by their names, so that nothing else is ever removed.

namespace gradus::translate {

// What the files are is said in model_folder.h. Those of a language have .vocab or .model besides (text/language.h).
inline constexpr const char *kConfigName = "config.json", *kSourceName = "source", *kTargetName = "target",
                            *kBestName = "model.safetensors", *kLastName = "last.safetensors", *kLogName = "log.jsonl",
                            *kTokensName = "tokens.bin";

/// The names of all that is in a folder, sorted; none if there is no such folder. Throws Error if it cannot be listed.
std::vector<std::string> names_in(const std::string& directory);

/// The name of the model after an epoch, `epoch-0012.safetensors`.
std::string epoch_name(int number);
/// The paths of these in a folder, in the order of their epochs.
std::vector<std::string> epoch_files(const std::string& directory);
/// The paths of all files of a model in a folder, but for its tokens, which are nothing to lose: they are made again.
std::vector<std::string> model_files(const std::string& directory);
/// Removes a file. Throws Error if it is there and cannot be removed.
void remove_file(const std::string& path);
/// Removes what killed programs left beside those, unfinished (nn/storage/atomic_file.h).
void remove_temporary_files(const std::string& directory);

}
