#pragma once

#include <cstdint>
#include <memory>

#include "examples/translate/batch.h"
#include "examples/translate/decoder.h"

namespace gradus::translate {

/// The bidirectional encoder (Bahdanau et al. 2014, section 3.2, with LSTMs): h_j = [h_j forward; h_j backward].
struct Encoder : Module {
  Encoder(Module* parent, std::string name, const ModelConfig& config);

  struct Output {
    Tensor states;    ///< (rows, H), packed
    LstmState final;  ///< (B, H): of the last layer, both directions' last states side by side
  };
  Output operator()(std::span<const int> ids, const Packing& packing);

  Dropout dropout;
  Embedding embedding;
  LSTM rnn;
};

/// A translator of word numbers into word numbers.
class Seq2Seq : public Module {
 public:
  /// Begins with Xavier-uniform matrices, embeddings from N(0, embedding_deviation²) and zero biases.
  explicit Seq2Seq(const ModelConfig& config, std::uint64_t seed = 1);

  const ModelConfig& config() const { return config_; }
  Encoder& encoder() { return encoder_; }
  Decoder& decoder() { return *decoder_; }

  /// Cross-entropy of the targets given the sources, teacher-forced, summed over words and divided by `divisor` -> ()
  /// Give the word count of the whole batch as the divisor of each of its shards.
  Tensor loss(const Batch& batch, Real label_smoothing, Real divisor);
  /// The scores of all words at every target position, teacher-forced -> (rows, Vt), packed as the batch's targets.
  Tensor logits(const Batch& batch);

  /// The encoded sources, in the batch's order: what a decoder starts from.
  struct Encoded {
    Memory memory;
    DecoderState state;
  };
  Encoded encode(const Batch& batch);

 private:
  Tensor teacher_forced(const Batch& batch);

  ModelConfig config_;
  Encoder encoder_;
  std::unique_ptr<Decoder> decoder_;
};

}
