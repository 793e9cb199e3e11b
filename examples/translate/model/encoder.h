#pragma once

#include <memory>
#include <optional>
#include <string>

#include "examples/translate/config/model_config.h"
#include "nn/layers.h"
#include "nn/recurrent.h"

namespace gradus::translate {

/// What reads the source: a recurrent net (RecurrentEncoder), a Transformer (transformer.h) or convolutions
/// (convolutional.h).
class Encoder : public Module {
 public:
  struct Output {
    Tensor states;  ///< (rows, H), packed
    /// (B, H) each: what `ModelConfig::bridge` asks for, of the last layer, or of each layer for Bridge::Copy; none if
    /// it needs nothing.
    std::span<const LstmState> summary;
    Tensor words = {};  ///< (rows, E), packed: the vectors of the words, as the encoder read them
  };
  /// `shared` is the table of word vectors if the encoder has none of its own.   ids: packed
  virtual Output operator()(std::span<const int> ids, const Packing& packing, Parameter* shared = nullptr) = 0;
  /// The states of more words of one sentence that is still coming. `read` is what the encoder goes on from: empty at
  /// the beginning, and changed to what the next words need. Throws for an encoder that has to see the whole sentence.
  /// ids: (n) -> (n, H)
  virtual Tensor read_on(std::span<const int> ids, DetachedStates<LstmState>& read, Parameter* shared = nullptr);

  std::optional<Embedding> embedding;

 protected:
  Encoder(Module* parent, std::string name, const ModelConfig& config);
};

/// h_j = [h_j forward; h_j backward] (Bahdanau et al. 2014, section 3.2), or of one direction only. State j is that of
/// word j, also if it reads them in reverse.
class RecurrentEncoder : public Encoder {
 public:
  RecurrentEncoder(Module* parent, std::string name, const ModelConfig& config);
  Output operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) override;
  Tensor read_on(std::span<const int> ids, DetachedStates<LstmState>& read, Parameter* shared) override;

 private:
  std::span<const LstmState> summary(Tensor states, std::span<const LstmState> final, const Packing& packing) const;
  /// The last states of each layer, of both directions side by side.   (B, H) each
  std::span<const LstmState> last_states(std::span<const LstmState> final) const;

  ModelConfig config_;
  std::unique_ptr<RecurrentStack> rnn_;
};

}
