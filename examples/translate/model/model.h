#pragma once

#include <cstdint>
#include <memory>

#include "examples/translate/model/batch.h"
#include "examples/translate/model/decoder.h"
#include "examples/translate/model/encoder.h"
#include "examples/translate/model/hard_attention.h"

namespace gradus::translate {

/// A translator of word numbers into word numbers.
class Seq2Seq : public Module {
 public:
  /// Begins with `ModelConfig::initial_values`. Throws for a configuration that contradicts itself.
  explicit Seq2Seq(const ModelConfig& config, std::uint64_t seed = 1);

  const ModelConfig& config() const { return config_; }
  Encoder& encoder() { return *encoder_; }
  Decoder& decoder() { return *decoder_; }
  /// The table of word vectors that the encoder reads: its own, or the decoder's.
  Parameter& source_embedding_weight();

  struct LossOptions {
    Real label_smoothing = 0;
    Real divisor = 1;             ///< the word count of the whole batch, for each of its shards
    Real scheduled_sampling = 0;  ///< the share of words that the decoder reads from itself (Bengio et al. 2015)
    HardAttentionOptions hard_attention = {};
    Real r_drop = 0;  ///< the α of `linear_r_drop`; with one, the batch has each pair twice (`twice`), which count both
  };
  /// Cross-entropy of the targets given the sources, teacher-forced, summed over words and divided by the divisor -> ()
  /// Hard attention adds its term to the gradient in training.
  Tensor loss(const Batch& batch, const LossOptions& options);
  /// The scores of all words at every target position, teacher-forced -> (rows, Vt), packed as the batch's targets.
  Tensor logits(const Batch& batch);

  /// The encoded sources, in the batch's order: what a decoder starts from.
  struct Encoded {
    EncodedSource source;
    DecoderState state;
  };
  Encoded encode(const Batch& batch);

 private:
  /// The steps of a decoder that reads the targets.
  struct Forced {
    std::span<const StepOutput> outputs;  ///< of each step; none if the decoder takes all at once
    Tensor readout;                       ///< (rows, R), packed as the batch's targets
  };
  Forced teacher_forced(const Batch& batch, Real scheduled_sampling = 0);
  /// Vectors of the words that each sentence's step reads: those given, or, for a random share of them, those that the
  /// decoder found most probable at the step before.
  Tensor sampled_inputs(std::span<const int> given, const StepOutput& previous, Tensor previous_embedded, Real share);

  ModelConfig config_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Decoder> decoder_;
};

}
