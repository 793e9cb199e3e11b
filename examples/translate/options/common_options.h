#pragma once

#include <string>
#include <vector>

#include "examples/translate/options/command.h"

/// The options that several commands have.

namespace gradus::translate {

struct Language;
struct SearchOptions;

Option model_option(std::string& directory);
/// The folder of one model or of several.
Option models_option(std::vector<std::string>& directories,
                     const char* help = "Folder of the model; of several, the probabilities are averaged");
Option threads_option(int& threads);
/// The width of `length_bins`.
Option bin_width_option(size_t& width);
/// How translations are searched: the beam, penalties and limits.
Options search_options(SearchOptions& options);
/// Drawing translations at random instead.
Options sampling_options(SearchOptions& options);

/// Throws Error, which begins with the command's name, for an argument whose text is not valid UTF-8.
void require_utf8(const char* command, const char* argument, const std::string& text);
/// Says on standard error which words of a line the vocabulary of its `side`, source or target, does not have, if any.
void tell_unknown_words(const char* command, const char* side, const Language& language, const std::string& line);
/// Throws UsageError for options of the search that do not fit together.
void require_sense(const SearchOptions& options);

}
