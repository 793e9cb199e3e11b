#pragma once

#include <memory>
#include <span>
#include <string>

#include "autograd/real.h"

/// The kinds of attention by their names, as options, files and tests list them. For those who choose one by its name;
/// what they are stands in nn/attention.h.

namespace gradus::inline GRADUS_PRECISION {

class Attention;
struct AttentionScope;
class Module;

/// How scores become weights that sum to 1.
enum class Normalizer { Softmax, Sparsemax };

/// What scores of any kind are made of.
struct ScoreSizes {
  int query = 0;      ///< Q
  int key = 0;        ///< H
  int inner = 0;      ///< A, of additive and concat scores
  int positions = 0;  ///< L, of location scores
  int heads = 1;      ///< of multi-head scores
};

/// A score by its name.
struct NamedScore {
  const char* name;  ///< as options have it
  /// A new one, as a child of `parent`.
  std::unique_ptr<Attention> (*make)(Module* parent, std::string name, const ScoreSizes& sizes);
};

/// All scores: the table of nn/attention_scores.cpp.
std::span<const NamedScore> attention_scores();

/// What scopes of any kind are made of.
struct ScopeSizes {
  int query = 0;            ///< Q
  int window = 0;           ///< D, of local scopes
  int wait_k = 1;           ///< k, of wait-k
  int value = 0;            ///< H, of the values
  int chunk = 1;            ///< w, of MoChA
  double energy_noise = 0;  ///< of monotonic scopes in training, its standard deviation
};

/// A scope by its name.
struct NamedScope {
  const char* name;  ///< as options have it
  /// A new one, whose layers are children of `attention`.
  std::unique_ptr<AttentionScope> (*make)(Attention* attention, const ScopeSizes& sizes);
  bool simultaneous = false;  ///< whether a word needs but the beginning of a source (`Attended::delay`)
  bool normalizes = true;     ///< whether its weights come from a Normalizer
};

/// All scopes: the table of nn/attention_scopes.cpp. Half of the queries of hard attention go the way of soft attention
/// in training.
std::span<const NamedScope> attention_scopes();

}
