#pragma once

#include <string>

#include "autograd/error.h"

/// What an error says that a function throws; empty for none.
template <class Function>
std::string complaint(Function function) {
  try {
    function();
  } catch (const gradus::Error& error) {
    return error.what();
  }
  return "";
}
