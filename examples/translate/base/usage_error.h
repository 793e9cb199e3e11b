#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace gradus::translate {

/// Options that do not make sense together: the program ends with exit code 2, as for an unknown option.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws UsageError for a name that the option was given twice.
void require_distinct(const char* option, const std::vector<std::string>& names);

/// Throws UsageError, which begins with the command's name, if more than one of the files to read is standard input.
void require_one_stdin(const std::string& command, const std::vector<std::string>& files);

}
